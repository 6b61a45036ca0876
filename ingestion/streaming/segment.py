"""A sealed segment as it lies in the landing folder: examined before a row of it is believed.

{"segment": {"collector", "source", "number", "contract_version", "data_origin"}}
one record per line
{"sealed": {"records", "first_seq", "last_seq", "sha256"}}    hash of all record lines, line ends included
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = re.compile(r"\d{12}\.jsonl")
MAX_BYTES = 80 * 1024 * 1024
_LONGEST_TRAILER = 4096


class Refused(ValueError):
    """A segment that is not what its collector sealed; the message is one sentence for the reason file."""


@dataclass(frozen=True)
class Segment:
    """One segment whose hash, header and trailer agree."""

    path: Path
    collector: str
    source: str
    number: int
    contract_version: str
    data_origin: str | None
    records: int
    first_seq: int
    last_seq: int
    sha256: str
    bytes: int

    @property
    def stream(self) -> str:
        return f"{self.collector}/{self.source}"


def examine(path: Path) -> Segment:
    """Read a file of `segments/<collector>/<source>/` and check it against its own header and trailer.

    Raises Refused when name, place, header, trailer, hash or counts do not agree.
    """
    if path.is_symlink() or not NAME.fullmatch(path.name):
        raise Refused(f"{path.name} is not a segment; a segment is a file named by 12 digits and .jsonl.")
    if path.stat().st_size > MAX_BYTES:
        raise Refused(f"{path.name} has more than {MAX_BYTES} bytes; collectors seal segments of at most 16 MiB.")
    head, trailer, digest, size = _scan(path)
    place = {"collector": path.parent.parent.name, "source": path.parent.name, "number": int(path.stem)}
    if any(head.get(name) != value for name, value in place.items()):
        raise Refused(f"The header of {path.name} names {_named(head)}, but it lies at {_named(place)}.")
    if trailer["sha256"] != digest:
        raise Refused(f"The record lines of {path.name} do not have the SHA-256 of its trailer; it was damaged.")
    if not trailer["last_seq"] - trailer["first_seq"] + 1 == trailer["records"] > 0:
        raise Refused(f"The trailer of {path.name} counts {trailer['records']} records for its sequence range.")
    optional = {"contract_version": str(head.get("contract_version")), "data_origin": head.get("data_origin")}
    return Segment(path=path, **place, **optional, **trailer, bytes=size)


def _scan(path: Path) -> tuple[dict[str, Any], dict[str, Any], str, int]:
    """Header, trailer, SHA-256 of the lines between them, size in bytes; one line at a time."""
    digest, size, waiting = hashlib.sha256(), 0, b""
    with path.open("rb") as lines:
        first = lines.readline(_LONGEST_TRAILER)
        for line in lines:
            digest.update(waiting)
            size += len(waiting)
            waiting = line
    head = _part(first, "segment", {"collector": str, "source": str, "number": int}, path)
    counted = {"records": int, "first_seq": int, "last_seq": int, "sha256": str}
    return head, _part(waiting, "sealed", counted, path), digest.hexdigest(), size


def _part(line: bytes, name: str, wanted: dict[str, type], path: Path) -> dict[str, Any]:
    try:
        part = json.loads(line[:_LONGEST_TRAILER])[name] if line.endswith(b"\n") else {}
        if all(type(part[key]) is kind for key, kind in wanted.items()):
            return part if name == "segment" else {key: part[key] for key in wanted}
    except (ValueError, KeyError, TypeError):
        pass
    which, rule = ("first", "header") if name == "segment" else ("last", "trailer")
    raise Refused(f"The {which} line of {path.name} is not a segment's {rule}; it was cut or is no segment.")


def _named(place: dict[str, Any]) -> str:
    return f"{place.get('collector')}/{place.get('source')} number {place.get('number')}"
