"""Wide views of long tables inside the serving file, for reading by eye and by spreadsheet: `wide.<dataset>`."""

import duckdb

from lakehouse import reference
from lakehouse.contracts import Dataset


def write(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> None:
    """One view with a row per key without the code, and a column per code that the table holds; none where none is asked for.

    The contract's property `wide` says which column holds the code (`by`), which the value, and which others to `keep`.
    """
    wide = dataset.properties.get("wide")
    if not wide:
        return
    by, value = wide["by"], wide["value"]
    rows = ", ".join(f'"{name}"' for name in (*(key for key in dataset.primary_key if key != by), *wide["keep"]))
    columns = ", ".join(f"""max("{value}") filter ("{by}" = '{c}') as "{c}\"""" for c in codes(connection, dataset, by))
    view = f"select {rows}, {columns} from {dataset.table} group by {rows}"
    connection.execute("create schema if not exists wide")
    connection.execute(f"create or replace view wide.{dataset.id} as {view}")


def codes(connection: duckdb.DuckDBPyConnection, dataset: Dataset, column: str) -> list[str]:
    """The codes in a column, in the order of its code list."""
    found = {code for (code,) in connection.execute(f'select distinct "{column}" from {dataset.table}').fetchall()}
    listed = [next(iter(row.values())) for row in reference.rows(dataset.field(column).reference)]
    return [code for code in listed if code in found]
