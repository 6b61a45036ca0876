"""Rows of a delivery in the form of bronze and of the dead letters: event time, identity, and what we add to each."""

import hashlib
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch.delivery import Delivery
from ingestion.batch.event_time import observed_at
from ingestion.batch.faults import Extract, Refused, Unparsed
from ingestion.batch.personal import may_name_persons
from lakehouse.contracts import Source, contracts
from lakehouse.contracts.mapping import PERIOD
from lakehouse.instants import UTC_MICROS

DEAD_LETTER_SCHEMA = pa.schema(
    [
        ("_record_id", pa.string()), ("_source_code", pa.string()), ("_delivery_id", pa.string()),
        ("_row_no", pa.int64()), ("reason", pa.string()), ("payload", pa.string()),
        ("_received_at", UTC_MICROS),
    ]
)  # fmt: skip


def split_by_time(found: Extract, source: Source, delivery: Delivery) -> tuple[pa.Table, list[Unparsed]]:
    """Rows whose event time reads (column `_observed_at` added), and the others as unparsed. Raises Refused."""
    instants = _instants(found.rows, source, delivery)
    rows = found.rows.append_column("_observed_at", instants)
    untimed = found.rows.filter(pc.is_null(instants)).to_pylist()
    told = (_untimed(row, source, delivery.file_name) for row in untimed)
    unparsed = sorted([*found.unparsed, *told], key=lambda u: u.row_no)
    return rows.filter(pc.is_valid(instants)), unparsed


def _instants(rows: pa.Table, source: Source, delivery: Delivery) -> pa.Array:
    """From the columns of the rows, or the begin of the day that the delivery states."""
    if not source.time.is_of_delivery:
        return observed_at(rows, source.time, has_day_numbers=source.format.type == "excel")
    if delivery.period is None:
        raise Refused(
            f"{delivery.file_name}: records of {source.source} are of the day that the delivery states, and it states none;"
            " say --period YYYY-MM-DD, or send a note beside the file."
        )
    midnight = datetime.combine(date.fromisoformat(delivery.period), time(), ZoneInfo(source.time.zone))
    return pa.repeat(pa.scalar(midnight.astimezone(UTC), UTC_MICROS), rows.num_rows)


def _untimed(row: dict[str, Any], source: Source, name: str) -> Unparsed:
    """The time as written is repeated only where it cannot be another column that slipped and names a person."""
    number, *values = row.values()
    columns = ", ".join(source.time.columns)
    written = " ".join(str(row[column] or "") for column in source.time.columns)
    said = f"{columns} holds no time" if may_name_persons(source) else f"{written!r} in {columns} is no time"
    text = source.format.delimiter.join(str(value or "") for value in values)
    return Unparsed(number, text, f"row {number} of {name}: {said}; write {source.time.pattern or 'it as agreed'}.")


def with_envelope(rows: pa.Table, source: Source, delivery: Delivery) -> pa.Table:
    """Bronze rows: the columns as received, then the envelope.

    The agreed columns identify a record, and the day that the delivery states where its records are of that day: what is so
    at the ends of two months is two records.
    """
    identity = rows.select(list(source.columns))
    if source.time.is_of_delivery:
        identity = identity.append_column(PERIOD, pa.repeat(pa.scalar(delivery.period, pa.string()), rows.num_rows))
    out = rows.append_column("_record_id", record_ids(identity, source.source))
    constants = {
        "_delivery_id": pa.scalar(delivery.delivery_id),
        "_source_code": pa.scalar(source.source),
        "_revision": pa.scalar(delivery.revision, pa.int64()),
        "_received_at": pa.scalar(datetime.fromisoformat(delivery.received_at), UTC_MICROS),
        "_ingested_at": pa.scalar(datetime.now(UTC), UTC_MICROS),
        "_contract_version": pa.scalar(contracts()[source.feeds].version),
        "_data_origin": pa.scalar(source.origin),
    }
    if source.shape == "records":
        constants[PERIOD] = pa.scalar(delivery.period and date.fromisoformat(delivery.period), pa.date32())
    for name, value in constants.items():
        out = out.append_column(name, pa.repeat(value, out.num_rows))
    return out


def record_ids(columns: pa.Table, source: str) -> pa.Array:
    """First half (32 hex digits) of SHA-256 over source and values as received: equal rows, equal ids."""
    texts = [pc.fill_null(c, "\x00") for c in columns.columns]
    joined = pc.binary_join_element_wise(*texts, "\x1f") if len(texts) > 1 else texts[0]
    return pa.array([_digest(f"{source}\x1e{value}") for value in joined.to_pylist()], pa.string())


def dead_letters(unparsed: list[Unparsed], source: Source, delivery: Delivery) -> pa.Table:
    """Rows of the dead-letter table; the id ties a letter to its delivery and row number."""
    received = datetime.fromisoformat(delivery.received_at)
    letters = [
        {
            "_record_id": _digest(f"{delivery.delivery_id}|{u.row_no}|{u.text}"),
            "_source_code": source.source, "_delivery_id": delivery.delivery_id, "_row_no": u.row_no,
            "reason": u.reason, "payload": u.text, "_received_at": received,
        }
        for u in unparsed
    ]  # fmt: skip
    return pa.Table.from_pylist(letters, DEAD_LETTER_SCHEMA)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
