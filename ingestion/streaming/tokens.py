"""Tokens by which collectors prove to the receiver who they are. The lake keeps only their SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from lakehouse.settings import settings

COLLECTOR = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def issue(collector: str, out: Path) -> None:
    """Make a new token, write it to `out` (0600) for the gateway, and keep its hash; an older token ends.

    Raises ValueError for a collector id that could not name a folder, FileExistsError when `out` is there.
    """
    if not COLLECTOR.fullmatch(collector):
        raise ValueError(f"{collector!r} is no collector id; use 1 to 63 lower-case letters, digits, dots, hyphens.")
    token = secrets.token_urlsafe(32)
    _write_private(out, token, os.O_EXCL)
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_private(_folder() / f"{collector}.sha256", _hash(token), os.O_TRUNC)


def is_valid(collector: str, token: str) -> bool:
    """Whether the token is the collector's."""
    try:
        known = (_folder() / f"{collector}.sha256").read_text("ascii").strip()
    except FileNotFoundError:
        known = "no such collector"
    return hmac.compare_digest(known, _hash(token))


def _folder() -> Path:
    return settings().secrets / "collectors"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _write_private(path: Path, text: str, flag: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600), "w") as file:
        file.write(text + "\n")
