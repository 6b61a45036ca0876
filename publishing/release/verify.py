"""Is a release still what its manifest says, and its manifest what the ledger says?"""

from lakehouse.settings import settings
from publishing import manifest
from publishing.release.ledger import current


def verify(theme: str, version: str | None = None) -> dict[str, list[str]]:
    """Recompute every checksum: version -> sentences on what is wrong (empty = sound). All versions when none is named.

    Raises LookupError for an unknown version.
    """
    known = {entry.version: entry.manifest_sha256 for entry in current(theme)}
    if version is not None and version not in known:
        raise LookupError(f"No release {version} of {theme}; there are {', '.join(known) or 'none'}.")
    return {v: _faults(theme, v, digest) for v, digest in known.items() if version in (None, v)}


def _faults(theme: str, version: str, manifest_sha256: str) -> list[str]:
    folder = settings().releases / theme / version
    if not (folder / manifest.NAME).is_file():
        return [f"{folder / manifest.NAME} is missing; restore it from the backup."]
    faults = []
    if manifest.sha256(folder / manifest.NAME) != manifest_sha256:
        faults.append(f"{manifest.NAME} differs from the one that was released; restore it from the backup.")
    files = manifest.read_manifest(folder)["files"]
    for file in files:
        path = folder / file["path"]
        if not path.is_file():
            faults.append(f"{file['path']} is missing; restore it from the backup.")
        elif manifest.sha256(path) != file["sha256"]:
            faults.append(f"{file['path']} has another SHA-256 than the manifest; restore it from the backup.")
    listed = {file["path"] for file in files} | {manifest.NAME, manifest.SUMS}
    faults += [f"{p.name} is not in the manifest; remove it." for p in sorted(folder.iterdir()) if p.name not in listed]
    return faults
