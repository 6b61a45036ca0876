"""The segment file: a header line, one line per record, and, once nothing more will be added, a trailer line.

{"segment": {"collector", "source", "number", "contract_version", "data_origin"}}
{record} ...                                                       (`envelope.py`)
{"sealed": {"records", "first_seq", "last_seq", "sha256"}}         hash of all record lines, line ends included
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_collectors.envelope import DamagedLine, read_line


class DamagedSegment(ValueError):
    """A sealed segment is no longer what was sealed."""


@dataclass
class Content:
    """What a segment file is known to hold: whole records, and where the last of them ends."""

    record_ids: list[bytes] = field(default_factory=list)
    first_seq: int | None = None
    last_seq: int | None = None
    digest: Any = field(default_factory=hashlib.sha256)
    good_bytes: int = 0
    sealed: bool = False

    def add(self, line: bytes, seq: int, record_id: str) -> None:
        self.record_ids.append(bytes.fromhex(record_id))
        self.first_seq = self.first_seq or seq
        self.last_seq = seq
        self.digest.update(line)
        self.good_bytes += len(line)

    def trailer(self) -> bytes:
        body = {
            "records": len(self.record_ids),
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "sha256": self.digest.hexdigest(),
        }
        return _line({"sealed": body})


def file_name(number: int) -> str:
    """`000000000012.jsonl`: numbers sort as text."""
    return f"{number:012d}.jsonl"


def number_of(path: Path) -> int:
    return int(path.stem)


def header(collector: str, source: str, number: int, contract_version: str, data_origin: str) -> bytes:
    """First line of a segment."""
    body = {"collector": collector, "source": source, "number": number}
    return _line({"segment": {**body, "contract_version": contract_version, "data_origin": data_origin}})


def read(path: Path, first_seq: int) -> Content:
    """The whole records at the beginning of a file, which must count on from `first_seq`.

    Stops without an error at the first line that is torn, damaged or out of sequence: that is what a crash inside
    a write leaves. `good_bytes` tells where; `sealed` whether the trailer follows there and agrees.
    """
    content = Content()
    with path.open("rb") as lines:
        if not _is_header(first := lines.readline()):
            return content
        content.good_bytes = len(first)
        for line in lines:
            if not _add_if_whole(content, line, (content.last_seq or first_seq - 1) + 1):
                content.sealed = line == content.trailer()
                break
    return content


def verify(path: Path) -> str:
    """SHA-256 of a whole sealed file whose trailer agrees with its records. Raises DamagedSegment otherwise."""
    data = path.read_bytes()
    records_begin = data.find(b"\n") + 1
    trailer_begins = data.rfind(b"\n", 0, -1) + 1
    try:
        sealed = json.loads(data[trailer_begins:])["sealed"]["sha256"]
    except (ValueError, KeyError, TypeError):
        sealed = None
    if sealed != hashlib.sha256(data[records_begin:trailer_begins]).hexdigest():
        raise DamagedSegment(
            f"{path}: the records do not have the SHA-256 of the trailer; the disk has changed a sealed segment. "
            "It is not shipped, and the lake waits for it; check the disk and keep the file."
        )
    return hashlib.sha256(data).hexdigest()


def has_whole_line(torn: bytes) -> bool:
    """Whether the cut end of a segment holds a whole record; a crash inside a write leaves none."""
    return any(_record(line) for line in torn.splitlines(keepends=True))


def append(file: int, good_bytes: int, data: bytes) -> None:
    """Append to an open file and make it durable. What a failed write has left behind `good_bytes` is cut first."""
    if os.fstat(file).st_size != good_bytes:
        os.ftruncate(file, good_bytes)
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    os.fdatasync(file)


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all, and make it durable."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make creations, renames and deletions in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _add_if_whole(content: Content, line: bytes, expected_seq: int) -> bool:
    record = _record(line)
    if record is None or record["seq"] != expected_seq:
        return False
    content.add(line, expected_seq, record["record_id"])
    return True


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        return read_line(line)
    except DamagedLine:
        return None


def _is_header(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and "segment" in json.loads(line)
    except (ValueError, TypeError):
        return False


def _line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
