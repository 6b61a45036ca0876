"""Released versions as the index and manifests tell them; the only way from an address to a file on disk."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lakehouse.settings import settings
from publishing import manifest
from publishing.release.ledger import INDEX, LATEST


@dataclass(frozen=True)
class Version:
    """One version of a theme; `reason` says why it was withdrawn."""

    theme: str
    version: str
    sequence: int
    state: str
    reason: str | None
    issued: str
    recorded: str
    manifest_sha256: str

    @property
    def folder(self) -> Path:
        return settings().releases / self.theme / self.version


class Withdrawn(LookupError):
    """The version existed and was withdrawn (HTTP 410)."""

    def __init__(self, version: Version) -> None:
        super().__init__(version.reason)
        self.version = version


def themes() -> list[str]:
    """Themes that have an index of releases."""
    return sorted(path.parent.name for path in settings().releases.glob(f"*/{INDEX}"))


def versions(theme: str) -> list[Version]:
    """All versions whose files are there, newest first; empty for an unknown theme."""
    if theme not in themes():
        return []
    listed = (Version(theme=theme, **entry) for entry in read_json(settings().releases / theme / INDEX)["versions"])
    return sorted((v for v in listed if (v.folder / manifest.NAME).is_file()), key=lambda v: -v.sequence)


def latest(theme: str) -> Version | None:
    """The newest version in force."""
    return next((v for v in versions(theme) if v.state == "published"), None)


def find(theme: str, version: str) -> Version:
    """The named version (`latest` = the newest in force). Raises LookupError (unknown) or Withdrawn."""
    if version == LATEST and (newest := latest(theme)):
        return newest
    found = next((v for v in versions(theme) if v.version == version), None)
    if found is None:
        raise LookupError(f"{theme} {version}")
    if found.state == "withdrawn":
        raise Withdrawn(found)
    return found


def manifest_of(version: Version) -> dict[str, Any]:
    """The manifest, read once per process; a changed file counts as another one."""
    return read_json(version.folder / manifest.NAME)


def read_json(path: Path) -> Any:
    """A JSON file of a release, read again only when it has changed."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> Any:
    return json.loads(path.read_text("utf-8"))


def file_of(version: Version, name: str) -> tuple[Path, dict[str, Any]]:
    """Path and manifest entry of one released file.

    Only names that the manifest lists are files here, the manifest, and SHA256SUMS over them; a link, or a path that leads out
    of the release, is none.
    Raises LookupError.
    """
    own = {
        "path": manifest.NAME,
        "media_type": "application/json",
        "sha256": version.manifest_sha256,
        "dataset": None,
    }
    listed = {file["path"]: file for file in manifest_of(version)["files"]} | {manifest.NAME: own}
    path = version.folder / name
    is_known = name in listed or name == manifest.SUMS
    if not is_known or path.is_symlink() or not path.is_file() or path.resolve().parent != version.folder.resolve():
        raise LookupError(f"{version.theme} {version.version} {name}")
    return path, listed.get(name) or _sums(path)


def _sums(path: Path) -> dict[str, Any]:
    """The entry of SHA256SUMS, which the manifest cannot list since it holds the manifest's own sum."""
    return {"path": manifest.SUMS, "media_type": "text/plain", "sha256": manifest.sha256(path), "dataset": None}
