"""`ops.stream_ledger`: one row per landed segment. Its transaction number says up to which segment all is landed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingestion.streaming.rows import SegmentCounts
from ingestion.streaming.segment import Segment
from lakehouse import tables

TABLE = "ops.stream_ledger"
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("collector_id", "source_code")),
        *((name, pa.int64()) for name in ("segment", "first_seq", "last_seq", "records")),
        *((name, pa.int64()) for name in ("accepted", "dead_letter", "no_contract")),
        *((name, pa.string()) for name in ("contract_version", "sha256")),
        ("landed_at", pa.timestamp("us", tz="UTC")),
    ]
)


def landed(collector: str, source: str) -> tuple[int, int]:
    """Number and last sequence number of the last landed segment; (0, 0) before the first."""
    number = tables.transacted(TABLE, application(f"{collector}/{source}"))
    return (number, _row(collector, source, number)["last_seq"]) if number > 0 else (0, 0)


def sha256(collector: str, source: str, number: int) -> str:
    """Hash of the record lines of a landed segment."""
    return _row(collector, source, number)["sha256"]


def rows(segments: Sequence[Segment], counts: Sequence[SegmentCounts], now: datetime) -> pa.Table:
    """The ledger's rows of segments that have just been landed."""
    entries = [
        {"collector_id": s.collector, "source_code": s.source, "segment": s.number, "sha256": s.sha256}
        | {"contract_version": s.contract_version, "landed_at": now}
        | {k: v for k, v in asdict(c).items() if k != "number"}
        for s, c in zip(segments, counts, strict=True)
    ]
    return tables.arrow_rows(entries, SCHEMA)


def application(stream: str) -> str:
    """Application id of a stream's transactions in the ledger."""
    return f"{stream}/ledger"


def _row(collector: str, source: str, number: int) -> dict[str, Any]:
    wanted = "collector_id = ? and source_code = ? and segment = ?"
    found = tables.duck(TABLE).execute(f"select last_seq, sha256 from {TABLE} where {wanted}", [collector, source, number])
    last_seq, sha256_of_lines = found.fetchone()
    return {"last_seq": last_seq, "sha256": sha256_of_lines}
