"""What was released and withdrawn: append-only rows of ops.release_manifests, and the index file that pages read."""

import getpass
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from lakehouse import tables
from lakehouse.settings import settings

TABLE = "ops.release_manifests"
INDEX = "index.json"
LATEST = "latest"

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("theme", pa.string()), ("version", pa.string()), ("sequence", pa.int32()), ("state", pa.string()),
        ("reason", pa.string()), ("who", pa.string()), ("recorded_at", _TIME), ("issued_at", _TIME),
        ("previous_version", pa.string()), ("inputs_digest", pa.string()), ("inputs", pa.string()),
        ("code_version", pa.string()), ("git_revision", pa.string()), ("manifest_sha256", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One event of one version: published, or withdrawn with a reason. The last event is the version's state."""

    theme: str
    version: str
    sequence: int
    state: Literal["published", "withdrawn"]
    reason: str | None
    who: str
    recorded_at: datetime
    issued_at: datetime
    previous_version: str | None
    inputs_digest: str
    inputs: str
    code_version: str
    git_revision: str | None
    manifest_sha256: str


def entries(theme: str) -> list[Entry]:
    """All events of a theme, oldest first."""
    rows = tables.read(TABLE, SCHEMA.names).to_pylist() if tables.exists(TABLE) else []
    own = [Entry(**row) for row in rows if row["theme"] == theme]
    return sorted(own, key=lambda e: e.recorded_at)


def current(theme: str) -> list[Entry]:
    """The state of each version, oldest version first."""
    last = {entry.version: entry for entry in entries(theme)}
    return sorted(last.values(), key=lambda e: e.sequence)


def record(entry: Entry) -> None:
    """Append one event, then rewrite the theme's index and `latest` pointer."""
    tables.append(TABLE, pa.Table.from_pylist([asdict(entry)], SCHEMA))
    write_index(entry.theme)


def withdraw(theme: str, version: str, reason: str) -> Entry:
    """Withdraw a version: its files stay on disk, its addresses answer 410 with the reason.

    Raises ValueError without a reason or for a version that is withdrawn already, LookupError for an unknown one.
    """
    if not reason.strip():
        raise ValueError(f"Withdrawing {theme} {version} needs a reason, which the public page shows; give --reason.")
    known = {entry.version: entry for entry in current(theme)}
    if version not in known:
        raise LookupError(f"No release {version} of {theme}; there are {', '.join(known) or 'none'}.")
    if known[version].state == "withdrawn":
        raise ValueError(f"{theme} {version} is withdrawn already: {known[version].reason}")
    event = replace(
        known[version],
        state="withdrawn",
        reason=reason.strip(),
        who=operator(),
        recorded_at=datetime.now(UTC),
    )
    record(event)
    return event


def write_index(theme: str) -> None:
    """`releases/<theme>/index.json` (state of each version) and the symlink `latest` to the newest one in force."""
    folder = settings().releases / theme
    folder.mkdir(parents=True, exist_ok=True)
    known = current(theme)
    versions = [
        {"version": e.version, "sequence": e.sequence, "state": e.state, "reason": e.reason, "issued": e.issued_at.isoformat(),
         "recorded": e.recorded_at.isoformat(), "manifest_sha256": e.manifest_sha256}
        for e in known
    ]  # fmt: skip
    latest = next((e.version for e in reversed(known) if e.state == "published"), None)
    _write_whole(
        folder / INDEX,
        json.dumps({"theme": theme, "latest": latest, "versions": versions}, ensure_ascii=False, indent=1),
    )
    _point(folder / LATEST, latest)


def operator() -> str:
    """Who acts in the shell: the operating-system user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _write_whole(path: Path, text: str) -> None:
    made = path.with_name(f".{path.name}.new")
    made.write_text(text + "\n", "utf-8")
    os.replace(made, path)


def _point(link: Path, target: str | None) -> None:
    if target is None:
        link.unlink(missing_ok=True)
        return
    made = link.with_name(f".{link.name}.new")
    made.unlink(missing_ok=True)
    made.symlink_to(target)
    os.replace(made, link)
