"""The durable spool of a collector: one stream per source (`stream.py`) under one bound, held by one process.

Policy when full: the bytes not yet shipped are bounded by `max_bytes`. At the bound a write raises SpoolFull and
stores nothing; the collector then answers nobody, so publishers keep their messages. Nothing is dropped.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from edge_collectors.stream import Origin, Stream

_RECOUNT_SECONDS = 0.5
_OTHER_WRITER = "another collector writes to this spool; stop it, or give this one a folder of its own."


class SpoolFull(RuntimeError):
    """The bound on unshipped bytes is reached; nothing of the batch was stored."""


class SpoolInUse(RuntimeError):
    """Another process works on this spool."""


class Spool:
    """All streams of one collector.

    `max_bytes` bounds what is not yet shipped; `recent_records` is the number of records per stream among which a
    resent one is recognised.
    """

    def __init__(self, folder: Path, max_bytes: int, recent_records: int):
        self.folder, self.max_bytes, self.recent_records = folder, max_bytes, recent_records
        self.streams: dict[str, Stream] = {}
        self._sealed_bytes, self._counted_at, self._counted_seals = 0, float("-inf"), 0
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = hold(folder / "lock", _OTHER_WRITER)

    def stream(self, origin: Origin) -> Stream:
        """The stream of one source, recovered from the disk on first use."""
        if origin.source not in self.streams:
            place = self.folder / origin.source
            self.streams[origin.source] = Stream(place, origin, self.recent_records, self._require_room)
        return self.streams[origin.source]

    def unshipped_bytes(self, exact: bool = False) -> int:
        """Bytes of open and sealed segments; sealed ones are counted anew after a seal and every half second."""
        seals = sum(s.counts.sealed for s in self.streams.values())
        if exact or seals != self._counted_seals or time.monotonic() - self._counted_at > _RECOUNT_SECONDS:
            self._sealed_bytes = sum(_size(path) for path in self.folder.glob("*/sealed/*.jsonl"))
            self._counted_at, self._counted_seals = time.monotonic(), seals
        return self._sealed_bytes + sum(s.open_bytes for s in self.streams.values())

    def close(self) -> None:
        for stream in self.streams.values():
            stream.close()
        os.close(self._lock)

    def _require_room(self, size: int) -> None:
        limit = self.max_bytes - size
        if self.unshipped_bytes() > limit and self.unshipped_bytes(exact=True) > limit:
            raise SpoolFull(
                f"{self.folder}: {self.max_bytes} unshipped bytes, the spool's bound (spool.max_bytes), are reached; "
                "nothing is confirmed until segments are shipped. Mend the uplink or raise the bound."
            )


def hold(path: Path, complaint: str) -> int:
    """Take the lock file for the life of this process: its descriptor. Raises SpoolInUse with the complaint."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise SpoolInUse(f"{path.parent}: {complaint}") from None
    return lock


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
