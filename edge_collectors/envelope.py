"""The envelope that a collector puts around everything it receives, and the line that carries it in a segment.

A line is one JSON object and ends with its own checksum, so that a line torn by a crash is told from a whole one:
`{"record_id", "seq", "stream", "observed_at", "received_at", "payload", "raw", ["raw_encoding"], "state",
"reason", "crc"}`. `crc` is the CRC-32 (ISO 3309) of all bytes of the line before `,"crc"`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["ok", "dead_letter", "no_contract"]
_CHECKSUM_LENGTH = len(',"crc":"00000000"}\n')


class DamagedLine(ValueError):
    """A line of a segment that is not what the spool wrote."""


@dataclass(frozen=True)
class Record:
    """One received record before it has a sequence number. `observed_at`, `received_at` are ISO 8601 UTC."""

    record_id: str
    payload: dict[str, Any] | None
    raw: bytes
    received_at: str
    observed_at: str | None = None
    state: State = "ok"
    reason: str | None = None

    def line(self, seq: int, stream: str) -> bytes:
        """The record as a line of a segment, with its sequence number and checksum."""
        text, encoding = _readable(self.raw)
        body = {
            "record_id": self.record_id,
            "seq": seq,
            "stream": stream,
            "observed_at": self.observed_at,
            "received_at": self.received_at,
            "payload": self.payload,
            "raw": text,
            **encoding,
            "state": self.state,
            "reason": self.reason,
        }
        head = _json(body)[:-1]
        return b'%s,"crc":"%08x"}\n' % (head, zlib.crc32(head))


def accepted(source: str, key: str, payload: dict[str, Any], raw: bytes, received_at: str) -> Record:
    """A record whose payload the protocol could read; its id depends on source, idempotency key and payload only."""
    return Record(record_id(source, key, payload), payload, raw, received_at, payload.get("observed_at"))


def refused(
    source: str, raw: bytes, received_at: str, reason: str, key: str = "", payload: dict[str, Any] | None = None
) -> Record:
    """A dead letter: kept as received, with the reason; the same bytes again are the same record.

    One refused part of a message with several parts is told from the others by `key` and `payload`.
    """
    known = f"{key}|{_canonical(payload)}" if key or payload else ""
    identity = hashlib.sha256(f"{source}|dead_letter|{known}|".encode() + raw).hexdigest()[:32]
    return Record(identity, payload, raw, received_at, None, "dead_letter", reason)


def without_contract(source: str, key: str, payload: dict[str, Any] | None, raw: bytes, received_at: str, reason: str) -> Record:
    """A readable record for which no dataset exists: kept, and released by the lake when a source takes it (`no_contract`)."""
    identity = record_id(source, key, payload)
    return Record(identity, payload, raw, received_at, (payload or {}).get("observed_at"), "no_contract", reason)


def record_id(source: str, key: str, payload: dict[str, Any] | None) -> str:
    """First half (32 hex) of SHA-256 over `source|key|payload`; the payload in canonical JSON (sorted, no blanks)."""
    return hashlib.sha256(f"{source}|{key}|{_canonical(payload)}".encode()).hexdigest()[:32]


def read_line(line: bytes) -> dict[str, Any]:
    """A line of a segment as the object that was written. Raises DamagedLine when its checksum does not hold."""
    head, tail = line[:-_CHECKSUM_LENGTH], line[-_CHECKSUM_LENGTH:]
    if tail != b',"crc":"%08x"}\n' % zlib.crc32(head):
        raise DamagedLine(f"the checksum of a line of {len(line)} bytes does not hold")
    return json.loads(line)


def now() -> str:
    """This instant as ISO 8601 UTC with microseconds: the received time of a record."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _canonical(payload: dict[str, Any] | None) -> str:
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _readable(raw: bytes) -> tuple[str, dict[str, str]]:
    try:
        return raw.decode("utf-8"), {}
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode("ascii"), {"raw_encoding": "base64"}


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
