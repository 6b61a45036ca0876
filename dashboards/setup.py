"""Bring Superset to what the definitions, roles and the serving file say; do nothing when it is there already."""

import hashlib
import json
from pathlib import Path

from dashboards import accounts, build, inside, metadata_file
from lakehouse import progress
from publishing import serving

OWN_CODE = ("bootstrap.py", "front.py", "metadata_file.py", "roles.py", "superset_config.py")


def assets_folder() -> Path:
    return inside.home() / "assets"


def build_assets() -> build.Assets:
    """Build from the serving file in force and write the files. Raises LookupError before there is one."""
    with serving.connect() as connection:
        made = build.build(connection, serving.link())
    build.write(made, assets_folder())
    return made


def bootstrap(force: bool = False) -> dict | None:
    """Set Superset up; None when nothing changed since the last time that it went well.

    Returns seconds per step and rows per chart. Raises RuntimeError naming each chart that does not answer.
    """
    state = fingerprint(build_assets())
    if not force and state == last_state():
        return None
    state_file().unlink(missing_ok=True)
    with progress.step("dashboards"):
        done = inside.run("dashboards.bootstrap", str(assets_folder()))
    state_file().write_text(json.dumps(state), "utf-8")
    return done


def check() -> dict[str, int]:
    """Ask every chart for its data; rows per chart. Raises RuntimeError naming each that has none."""
    return inside.run("dashboards.bootstrap", "--check")["rows"]


def last_state() -> dict[str, str] | None:
    """Fingerprint of the last bootstrap that went well; None when there was none or its database is gone or elsewhere."""
    if not state_file().exists() or not (inside.home() / metadata_file.DATABASE).exists():
        return None
    return json.loads(state_file().read_text("utf-8"))


def state_file() -> Path:
    return inside.home() / "bootstrapped.json"


def fingerprint(made: build.Assets) -> dict[str, str]:
    """Digests of all that the bootstrap's result depends on."""
    code = "".join(Path(__file__).with_name(name).read_text("utf-8") for name in OWN_CODE)
    parts = {
        "assets": json.dumps(made.files, sort_keys=True) + json.dumps(sorted(made.open_datasets)),
        "code": code,
        "accounts": accounts.ensure().read_text("utf-8"),
        "environment": str((inside.python().parent.parent / "pyvenv.cfg").stat().st_mtime_ns),
    }
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in parts.items()}
