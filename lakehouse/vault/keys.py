"""The vault's key: made whole on first use, never again while the vault holds rows that only the old one opens."""

import contextlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE = "vault.key"
BYTES = 32


@dataclass(frozen=True)
class Keys:
    """Both derived from the one key of the installation (HKDF, RFC 5869)."""

    sealing: bytes
    naming: bytes


def read(folder: Path) -> Keys | None:
    """The keys of the folder; None = there are none yet."""
    try:
        return _derived((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None


def make(folder: Path) -> Keys:
    """New keys (mode 0600), or those of another process that was quicker."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{FILE}.{os.getpid()}"
    part.touch(mode=0o600)
    part.write_bytes(os.urandom(BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(part, folder / FILE)
    part.unlink()
    return _derived((folder / FILE).read_bytes())


@cache
def _derived(master: bytes) -> Keys:
    sealing, naming = (HKDF(SHA256(), BYTES, salt=None, info=use).derive(master) for use in (b"seal", b"name"))
    return Keys(sealing, naming)
