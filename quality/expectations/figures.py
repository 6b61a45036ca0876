"""The figures that a suite asks of one version of a table, in one pass over the columns that it needs.

DuckDB reads the files in batches, so memory does not grow with the table; row rules are the contract's masks over Arrow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from lakehouse import tables
from lakehouse.contracts.derive import mask
from lakehouse.contracts.derive.row_checks import columns_of
from quality.expectations.suite import Expected

BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Figure:
    """What was found; `value` None = it cannot be said (no row, or a column that it needs is not there)."""

    value: float | None
    words: str


def measure(table: str, version: int, as_of: datetime, suite: Sequence[Expected]) -> list[Figure]:
    """The figures in the order of the suite, at the given clock."""
    names = set(tables.open_table(table, version).schema().to_arrow().names)
    counted = [one for one in suite if one.measure in ("rows", "unfilled", "broken", "age") and _needs(one) <= names]
    found = dict(zip((one.check for one in counted), _counted(table, version, counted), strict=True))
    return [_figure(one, names, found.get(one.check), as_of) for one in suite]


def _figure(one: Expected, names: set[str], found: float | datetime | None, as_of: datetime) -> Figure:
    if one.measure == "lacking_columns":
        return Figure(len(set(one.of) - names), f"{len(names)} columns")
    if one.measure == "answer":
        return _answer(one.of[0])
    if isinstance(found, datetime):
        found = (round(as_of.timestamp()) - int(found.timestamp())) / 3600
    return Figure(found, _words(found))


def _words(value: float | None) -> str:
    return str(value) if value is None else f"{value:,.1f}".removesuffix(".0")


def _needs(one: Expected) -> set[str]:
    return set(columns_of(one.of[0]) if one.measure == "broken" else one.of)


def _counted(table: str, version: int, suite: Sequence[Expected]) -> list[float | datetime | None]:
    """Rows, rows that break or lack something (None = the table is empty), newest instant; in the order of the suite."""
    if not suite:
        return []
    rows, found = 0, [None] * len(suite)
    for batch in _batches(table, version, set().union(*map(_needs, suite))):
        rows += batch.num_rows
        found = [_joined(one, before, _of_batch(one, batch)) for one, before in zip(suite, found, strict=True)]
    return [rows if one.measure == "rows" else value for one, value in zip(suite, found, strict=True)]


def _batches(table: str, version: int, columns: Iterable[str]) -> Iterable[pa.RecordBatch]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        wanted = ", ".join(f'"{name}"' for name in sorted(columns)) or "1"
        yield from connection.sql(f"select {wanted} from ({tables.scan(connection, table, version)})").to_arrow_reader(BATCH_ROWS)


def _of_batch(one: Expected, batch: pa.RecordBatch) -> float | datetime | None:
    rows = pa.Table.from_batches([batch])
    if one.measure == "broken":
        return rows.num_rows - (pc.sum(mask(one.of[0], rows)).as_py() or 0)
    if one.measure == "unfilled":
        return pc.sum(reduce(pc.or_, (pc.is_null(rows[name]) for name in one.of))).as_py()
    return _instant(pc.max(rows[one.of[0]]).as_py()) if one.measure == "age" else None


def _joined(one: Expected, before: float | datetime | None, now: float | datetime | None) -> float | datetime | None:
    known = [value for value in (before, now) if value is not None]
    return (max(known) if one.measure == "age" else sum(known)) if known else None


def _instant(day: date | datetime | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if isinstance(day, date) and not isinstance(day, datetime) else day


def _answer(query: str) -> Figure:
    """The one figure that a query of a contract gives, written for DuckDB as the analysts' are."""
    try:
        asked = {f"{t.db}.{t.name}" for t in sqlglot.parse_one(query, read="duckdb").find_all(exp.Table) if t.db}
        with tables.duck(*asked) as connection:
            ((answer,),) = connection.execute(query).fetchall()
    except (duckdb.Error, sqlglot.errors.SqlglotError, LookupError, ValueError) as error:
        return Figure(None, f"no answer ({str(error).splitlines()[0]})")
    return Figure(answer, _words(answer))
