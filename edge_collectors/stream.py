"""One source's stream of numbered segments on the local disk: appended in durable batches, sealed, recovered.

    <source>/open/N.jsonl     grows; every batch is on the disk (fdatasync) before its senders are answered
    <source>/sealed/N.jsonl   complete with trailer, waits for the shipper
    <source>/shipped/N.jsonl  delivered, kept for a while (`uplink.py`)
    <source>/ids/N.ids        record ids of the recent window (`recent.py`)
    <source>/parts/           parts of split messages that are not whole yet (`parts.py`)
    <source>/torn/            whole records behind a damaged line, should a disk ever leave such a thing

Numbers and sequence numbers start at 1 and have no gaps, whatever moment the process is killed at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_collectors import segments
from edge_collectors.envelope import Record
from edge_collectors.recent import RecentRecords

TRAILER_ROOM = 256


@dataclass(frozen=True)
class Origin:
    """What the header of each segment of a stream says."""

    collector: str
    source: str
    contract_version: str
    data_origin: str

    @property
    def stream(self) -> str:
        return f"{self.collector}/{self.source}"


@dataclass
class Counts:
    """Counted since the process started; received = durable + duplicate, and dead letters are among the durable."""

    received: int = 0
    durable: int = 0
    duplicate: int = 0
    dead_letter: int = 0
    no_contract: int = 0
    sealed: int = 0


class Stream:
    """The segments of one source: one open for appending, the others sealed. Used by one thread at a time.

    `require_room(bytes)` is asked before anything is stored and raises when the spool's bound is reached.
    """

    def __init__(self, folder: Path, origin: Origin, recent_records: int, require_room: Callable[[int], None]):
        self.folder, self.origin, self.require_room = folder, origin, require_room
        self.counts = Counts()
        self.content = segments.Content()
        self.opened_at: float | None = None
        self._file = -1
        for name in ("open", "sealed", "shipped"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.recent = RecentRecords(folder / "ids", recent_records)
        self._recover()

    @property
    def open_bytes(self) -> int:
        return self.content.good_bytes

    @property
    def next_seq(self) -> int:
        return (self.content.last_seq or self.recent.next_seq - 1) + 1

    def write(self, records: list[Record]) -> list[bool]:
        """Make a batch durable with one fdatasync: True per record that is new, False per known duplicate.

        Raises SpoolFull, or OSError when the disk refuses; in both cases no record of the batch is stored.
        """
        fresh = self._fresh(records)
        lines = [record.line(self.next_seq + at, self.origin.stream) for at, record in enumerate(fresh.values())]
        if lines:
            self._append(lines)
            self._count_in(fresh, lines)
        outcomes = [fresh.get(bytes.fromhex(r.record_id)) is r for r in records]
        self.counts.received += len(records)
        self.counts.duplicate += outcomes.count(False)
        return outcomes

    def seal(self) -> Path | None:
        """Close the open segment with its trailer and hand it to the shipper; None when it holds nothing."""
        if not self.content.record_ids:
            return None
        segments.append(self._file, self.content.good_bytes, self.content.trailer())
        return self._finish(self._open_path())

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _fresh(self, records: list[Record]) -> dict[bytes, Record]:
        fresh: dict[bytes, Record] = {}
        for record in records:
            identity = bytes.fromhex(record.record_id)
            if identity not in self.recent:
                fresh.setdefault(identity, record)
        return fresh

    def _append(self, lines: list[bytes]) -> None:
        head = b"" if self.content.good_bytes else self._header()
        batch = head + b"".join(lines)
        self.require_room(len(batch) + TRAILER_ROOM)
        if self._file < 0:
            self._open_segment()
        segments.append(self._file, self.content.good_bytes, batch)
        self.content.good_bytes += len(head)

    def _count_in(self, fresh: dict[bytes, Record], lines: list[bytes]) -> None:
        for line, record in zip(lines, fresh.values(), strict=True):
            self.content.add(line, self.next_seq, record.record_id)
            self.counts.dead_letter += record.state == "dead_letter"
            self.counts.no_contract += record.state == "no_contract"
        self.recent.add(fresh)
        self.counts.durable += len(lines)

    def _header(self) -> bytes:
        o = self.origin
        return segments.header(o.collector, o.source, self.recent.next_number, o.contract_version, o.data_origin)

    def _open_segment(self) -> None:
        self._file = os.open(self._open_path(), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640)
        segments.sync_folder(self.folder / "open")
        self.opened_at = time.monotonic()

    def _open_path(self) -> Path:
        return self.folder / "open" / segments.file_name(self.recent.next_number)

    def _finish(self, path: Path) -> Path:
        """The trailer is durable: keep the ids, then show the segment to the shipper. Repeatable after a crash."""
        self.recent.keep(segments.number_of(path), self.content)
        self.close()
        self.content, self.opened_at = segments.Content(), None
        self.counts.sealed += 1
        return self._show(path)

    def _show(self, path: Path) -> Path:
        sealed = self.folder / "sealed" / path.name
        path.rename(sealed)
        segments.sync_folder(sealed.parent)
        segments.sync_folder(path.parent)
        return sealed

    def _recover(self) -> None:
        """Go on where the disk says that the last writer was."""
        for path in sorted((self.folder / "open").glob("*.jsonl")):
            if segments.number_of(path) < self.recent.next_number:
                self._show(path)
            else:
                self._resume(path)

    def _resume(self, path: Path) -> None:
        """Keep the whole records of an open segment; they are made durable before a resend may be confirmed."""
        content = segments.read(path, self.recent.next_seq)
        if not content.record_ids:
            content = segments.Content()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self.content, self.opened_at = content, time.monotonic()
        if not content.sealed:
            self._keep_torn(path)
            os.ftruncate(self._file, content.good_bytes)
        os.fdatasync(self._file)
        self.recent.add(content.record_ids)
        if content.sealed:
            self._finish(path)

    def _keep_torn(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self.content.good_bytes)
            torn = file.read()
        if segments.has_whole_line(torn):
            (self.folder / "torn").mkdir(exist_ok=True)
            segments.replace_file(self.folder / "torn" / f"{path.stem}-{time.time_ns()}.bin", torn)
