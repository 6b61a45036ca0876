"""Values that silver holds as they truly are, though the department sent them otherwise."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.vault import clear
from sample_city.parameters import words

CAPITAL = "capital_cny10k"


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the repairs of the defects in table `injected` to table `evidence`."""
    query = "select distinct dataset, field from injected where row_no > 0 and list_contains(catchers, 'repair')"
    for dataset, field in connection.execute(query).fetchall():
        for column in _columns_for(dataset, field):
            connection.register("repaired", _repaired(connection, dataset, field, column))
            connection.execute("insert into evidence select record_id, null, field, null, 'repair', name from repaired")


def _columns_for(dataset: str, field: str) -> Iterator[str]:
    """Columns of silver that may hold the field's value put right."""
    if tables.exists(f"silver.{dataset}"):
        names = {f.name for f in tables.open_table(f"silver.{dataset}").schema().fields}
        yield from sorted({field, *words("catchers")["repaired_columns"].get(field, ())} & names)


def _repaired(connection: duckdb.DuckDBPyConnection, dataset: str, field: str, column: str) -> pa.Table:
    query = (
        f"select i.record_id, i.field, i.true_value, s.{column}::varchar as value from injected i "
        f"join silver.{dataset} s on s._record_id = i.record_id "
        "where i.dataset = $dataset and i.field = $field and list_contains(i.catchers, 'repair')"
    )
    rows = connection.sql(query, params={"dataset": dataset, "field": field}).to_arrow_table()
    opened = clear(rows["value"])
    value = pc.coalesce(opened, rows["value"].combine_chunks())
    true = _amount(rows["true_value"]) if column == CAPITAL else rows["true_value"].combine_chunks()
    same = pc.equal(_number(value) if column == CAPITAL else value, true)
    kept = rows.select(["record_id", "field"]).filter(same)
    return kept.append_column("name", pa.repeat(pa.scalar(f"{column} put right"), kept.num_rows))


def _amount(texts: pa.ChunkedArray) -> pa.Array:
    """As the city writes capital: whole ten thousands of CNY."""
    return _number(pc.replace_substring(texts, "万元人民币", "").combine_chunks())


def _number(texts: pa.Array) -> pa.Array:
    return pc.cast(texts, pa.float64())
