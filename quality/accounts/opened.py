"""Tables opened for counting; one that does not exist yet counts as an empty one."""

from collections.abc import Mapping

import duckdb

from lakehouse import tables

LETTERS = "_source_code text, _delivery_id text"
ITEMS = "_record_id text, _item_no int, _source_code text"


def opened(columns: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with one view per table. Table -> the columns that it has when it is not there yet."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    tables.attach(connection, [name for name in columns if tables.exists(name)])
    for name, declared in columns.items():
        if not tables.exists(name):
            layer, table = name.split(".")
            nothing = ", ".join("null::{1} as {0}".format(*column.split()) for column in declared.split(", "))
            connection.execute(f"create schema if not exists {layer}")
            connection.execute(f"create view {layer}.{table} as select {nothing} limit 0")
    return connection
