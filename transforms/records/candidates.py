"""Bronze rows of one source of records -> candidate rows of its dataset: typed columns, problems, envelope, precedence."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset, Source
from lakehouse.contracts.derive.schema import TIMESTAMP
from lakehouse.contracts.mapping import PERIOD
from quality.records.conform import conformed

ENVELOPE = ("_record_id", "_delivery_id", "_data_origin", "_received_at", "_observed_at")
FIRST_DAY = date(1900, 1, 1)
"""Counts before every day that a delivery states."""
MOST_DAYS = MOST_REVISIONS = 1_000_000


def columns_read(source: Source) -> list[str]:
    """Bronze columns that `candidates` uses."""
    return [*source.reads, *ENVELOPE, "_revision", PERIOD]


def candidates(bronze: pa.Table, source: Source, dataset: Dataset) -> pa.Table:
    """Candidate rows, one per bronze row. `_rank`: source rank, then declared revision, then the day that the delivery states."""
    bronze = bronze.combine_chunks()
    rows = conformed(bronze, source, dataset)
    stated = _stated(bronze)
    envelope = {
        **{name: bronze[name] for name in ENVELOPE},
        "_item_no": pa.repeat(pa.scalar(0, pa.int32()), bronze.num_rows),
        "_source_code": pa.repeat(source.source, bronze.num_rows),
        "_rank": _precedence(bronze["_revision"], stated, source.rank),
        "_available_at": _available_at(bronze["_observed_at"], stated, source),
    }
    for name, column in envelope.items():
        rows = rows.append_column(name, column)
    return rows


def _stated(bronze: pa.Table) -> pa.ChunkedArray | pa.Array:
    return bronze[PERIOD] if PERIOD in bronze.column_names else pa.nulls(bronze.num_rows, pa.date32())


def _precedence(revision: pa.ChunkedArray, stated: pa.ChunkedArray | pa.Array, rank: int) -> pa.ChunkedArray:
    day = pc.cast(pc.fill_null(stated, FIRST_DAY), pa.int32())
    days = pc.subtract(day.cast(pa.int64()), (FIRST_DAY - date(1970, 1, 1)).days)
    return pc.add(pc.multiply(pc.add(revision, rank * MOST_REVISIONS), MOST_DAYS), days)


def _available_at(observed: pa.ChunkedArray, stated: pa.ChunkedArray | pa.Array, source: Source) -> pa.ChunkedArray:
    """When the record could be known: the declared delay after what it speaks of and after the day that the delivery states."""
    delay = pa.scalar(timedelta(hours=source.publication_delay_hours), pa.duration("us"))
    day = pc.coalesce(pc.cast(stated, TIMESTAMP), observed)
    return pc.add(pc.if_else(pc.greater(day, observed), day, observed), delay)
