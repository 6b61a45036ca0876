"""One delivery -> bronze and dead letters, exactly once, answered by a signed receipt."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch import receipt, rivals
from ingestion.batch.delivery import Delivery, content
from ingestion.batch.event_time import observed_at
from ingestion.batch.extract import Extract, extract, missing_counts
from ingestion.batch.faults import NoRows, Refused, Unparsed
from lakehouse import outcomes, tables
from lakehouse.contracts import Source, contracts
from lakehouse.instants import UTC_MICROS

DEAD_LETTER_SCHEMA = pa.schema(
    [
        ("_record_id", pa.string()), ("_source_code", pa.string()), ("_delivery_id", pa.string()),
        ("_row_no", pa.int64()), ("reason", pa.string()), ("payload", pa.string()),
        ("_received_at", UTC_MICROS),
    ]
)  # fmt: skip


def land(delivery: Delivery) -> receipt.Receipt:
    """Land the delivery; safe to repeat at any point. A file that is refused or has no rows is kept, its receipt says why.

    Raises LookupError when no mapping names the source any more.
    """
    if (source := contracts().sources.get(delivery.source)) is None:
        raise LookupError(f"{delivery.folder}: there is no source {delivery.source}; restore its mapping.")
    with outcomes.step("bronze", source.source, {"delivery": delivery.delivery_id}) as outcome:
        try:
            bronze, dead, report = opened(content(delivery.raw_file), source, delivery)
        except Refused as reason:
            outcome.detail["refused"] = str(reason)
            return receipt.write(delivery, receipt.unlanded("refused", str(reason)))
        except NoRows as reason:
            outcome.detail["empty"], outcome.rows_in, outcome.rows_out = str(reason), 0, 0
            return receipt.write(delivery, receipt.unlanded("empty", str(reason)))
        _commit(bronze, dead, source, delivery)
        outcome.rows_in = bronze.num_rows + dead.num_rows
        outcome.rows_out, outcome.dead_letter = bronze.num_rows, dead.num_rows
        return receipt.write(delivery, receipt.landed(report))


def opened(body: bytes, source: Source, delivery: Delivery) -> tuple[pa.Table, pa.Table, receipt.Report]:
    """Bronze rows, dead letters and the quality report of a file's bytes; writes nothing. Raises Refused and NoRows."""
    found = extract(body, source, delivery.file_name)
    rows, unparsed = split_by_time(found, source, delivery.file_name)
    bronze, dead = with_envelope(rows, source, delivery), dead_letters(unparsed, source, delivery)
    missing = missing_counts(rows, source.format)
    told = [*found.notes, *rivals.notes(bronze, source, delivery)]
    return bronze, dead, receipt.Report(bronze.num_rows, dead.num_rows, missing, unparsed[:10], told)


def _commit(bronze: pa.Table, dead: pa.Table, source: Source, delivery: Delivery) -> None:
    transaction = (delivery.delivery_id, 1)
    if bronze.num_rows:
        tables.append(source.bronze_table, bronze, transaction)
    if dead.num_rows:
        tables.append(f"dead_letter.{source.feeds}", dead, transaction)


def split_by_time(found: Extract, source: Source, name: str) -> tuple[pa.Table, list[Unparsed]]:
    """Rows whose event time reads (column `_observed_at` added), and the others as unparsed."""
    instants = observed_at(found.rows, source.time, has_day_numbers=source.format.type == "excel")
    rows = found.rows.append_column("_observed_at", instants)
    untimed = found.rows.filter(pc.is_null(instants)).to_pylist()
    unparsed = sorted([*found.unparsed, *(_untimed(row, source, name) for row in untimed)], key=lambda u: u.row_no)
    return rows.filter(pc.is_valid(instants)), unparsed


def _untimed(row: dict[str, Any], source: Source, name: str) -> Unparsed:
    number, *values = row.values()
    written = " ".join(str(row[column] or "") for column in source.time.columns)
    reason = f"row {number} of {name}: {written!r} in {', '.join(source.time.columns)} is no time"
    text = source.format.delimiter.join(str(value or "") for value in values)
    return Unparsed(number, text, f"{reason}; write {source.time.pattern or 'it as agreed'}.")


def with_envelope(rows: pa.Table, source: Source, delivery: Delivery) -> pa.Table:
    """Bronze rows: the columns as received, then the envelope. The agreed columns identify a record."""
    out = rows.append_column("_record_id", record_ids(rows.select(list(source.columns)), source.source))
    constants = {
        "_delivery_id": pa.scalar(delivery.delivery_id),
        "_source_code": pa.scalar(source.source),
        "_revision": pa.scalar(delivery.revision, pa.int64()),
        "_received_at": pa.scalar(datetime.fromisoformat(delivery.received_at), UTC_MICROS),
        "_ingested_at": pa.scalar(datetime.now(UTC), UTC_MICROS),
        "_contract_version": pa.scalar(contracts()[source.feeds].version),
        "_data_origin": pa.scalar(source.origin),
    }
    for name, value in constants.items():
        out = out.append_column(name, pa.repeat(value, out.num_rows))
    return out


def record_ids(columns: pa.Table, source: str) -> pa.Array:
    """First half (32 hex digits) of SHA-256 over source and values as received: equal rows, equal ids."""
    texts = [pc.fill_null(c, "\x00") for c in columns.columns]
    joined = pc.binary_join_element_wise(*texts, "\x1f") if len(texts) > 1 else texts[0]
    return pa.array([_digest(f"{source}\x1e{value}") for value in joined.to_pylist()], pa.string())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


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
