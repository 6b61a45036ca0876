"""What the kernel would write: silver rows of a plan's slices as they are and as a build would make them, unwritten."""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.pipeline import Plan
from quality import decisions
from transforms.parts import bronze_files, read_slice
from transforms.readings.candidates import candidates, columns_read
from transforms.readings.settle import settle
from transforms.records import run as records
from transforms.records.together import pieces


def silver_rows(plan: Plan) -> tuple[pa.Table, pa.Table]:
    """Rows of the planned slices in silver now, and after a build; both in the schema of the table."""
    dataset = contracts()[plan["dataset"]]
    schema = arrow_schema(dataset)
    starts = [date.fromisoformat(s) for s in plan["slices"]]
    built = [made.cast(schema) for made in _settled(plan)]
    now = schema.empty_table()
    if tables.exists(dataset.table):
        now = tables.read(dataset.table, schema.names, filters=ds.field(str(dataset.partition)).isin(starts))
    return now, pa.concat_tables([schema.empty_table(), *built])


def _settled(plan: Plan) -> Iterator[pa.Table]:
    known, files = contracts(), bronze_files(plan)
    dataset = known[plan["dataset"]]
    standing = decisions.in_force(dataset.id)
    if known.is_of_records(dataset.id):
        yield from (records.settled_piece(dataset, p, files, known, standing)[1].silver for p in pieces(plan))
        return
    for start in map(date.fromisoformat, plan["slices"]):
        rows = [
            candidates(read_slice(files[s.bronze_table], start, dataset.partition, columns_read(s)), s)
            for s in known.feeding(dataset.id) if files.get(s.bronze_table)
        ]  # fmt: skip
        yield settle(pa.concat_tables(rows), dataset, standing).silver
