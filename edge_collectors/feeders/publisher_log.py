"""A publisher's own log: what it has sent, what the collector has confirmed. It survives a killed publisher.

JSON lines: `{"key": ..., "sent_at": ...}` before the first sending of a message and
`{"key": ..., "confirmed_at": ...}` after its confirmation; times are ISO 8601 UTC. Each batch of lines is on
the disk (fsync) before the call returns, so nothing is ever sent that the log does not know.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path


class PublisherLog:
    """Opens or resumes a log; a line torn by a crash is cut off. One process at a time."""

    def __init__(self, path: Path):
        self.sent: set[str] = set()
        self.confirmed: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._resume(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    @property
    def unconfirmed(self) -> set[str]:
        """Keys that were sent and may or may not have arrived."""
        return self.sent - self.confirmed

    def note_sent(self, keys: Iterable[str]) -> None:
        """To be called before sending; a repeat is not noted again."""
        self._note("sent_at", self.sent, keys)

    def note_confirmed(self, keys: Iterable[str]) -> None:
        self._note("confirmed_at", self.confirmed, keys)

    def close(self) -> None:
        os.close(self._file)

    def _note(self, what: str, known: set[str], keys: Iterable[str]) -> None:
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if not new:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = "".join(json.dumps({"key": key, what: now}) + "\n" for key in new).encode()
        while lines:
            lines = lines[os.write(self._file, lines) :]
        os.fsync(self._file)
        known.update(new)

    def _resume(self, path: Path) -> None:
        if not path.exists():
            return
        text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            os.truncate(path, whole)
        for line in text[:whole].splitlines():
            entry = json.loads(line)
            (self.sent if "sent_at" in entry else self.confirmed).add(entry["key"])
