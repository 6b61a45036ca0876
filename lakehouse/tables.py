"""Names, places and versions of the lake's Delta tables; reading and committing without a JVM."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError

from lakehouse.settings import settings

if TYPE_CHECKING:
    import duckdb

LAYERS = ("bronze", "silver", "quarantine", "dead_letter", "gold", "ops", "reference")


def location(name: str) -> Path:
    """Folder of `<layer>.<table>`. Raises ValueError for a name outside the layers."""
    layer, _, table = name.partition(".")
    if layer not in LAYERS or not table.replace("_", "a").isalnum():
        raise ValueError(
            f"{name!r} is no table name; write <layer>.<table> with a layer of {', '.join(LAYERS)}."
        )
    return settings().tables / layer / table


def exists(name: str) -> bool:
    return (location(name) / "_delta_log").is_dir()


def names(layer: str | None = None) -> list[str]:
    """All tables of the lake (or of one layer), sorted."""
    layers = [layer] if layer else LAYERS
    logs = [log for lay in layers for log in sorted((settings().tables / lay).glob("*/_delta_log"))]
    return [f"{log.parent.parent.name}.{log.parent.name}" for log in logs]


def open_table(name: str, version: int | None = None) -> DeltaTable:
    """The Delta table. Raises LookupError naming the table and what to run when it is not there."""
    try:
        return DeltaTable(location(name), version=version)
    except TableNotFoundError:
        raise LookupError(
            f"Table {name} does not exist yet; `lake run` builds it, `lake tables` lists what is there."
        ) from None


def version(name: str) -> int | None:
    return open_table(name).version() if exists(name) else None


def committed_at(name: str, at_version: int | None = None) -> datetime:
    """Commit time (UTC) of the table's version."""
    table = open_table(name, at_version)
    return datetime.fromtimestamp(table.history(1)[0]["timestamp"] / 1000, UTC)


def read(
    name: str, columns: Sequence[str] | None = None, version: int | None = None, filters=None
) -> pa.Table:
    """The rows as Arrow. `filters` as in pyarrow's dataset API (an expression)."""
    dataset = open_table(name, version).to_pyarrow_dataset()
    return dataset.to_table(columns=list(columns) if columns else None, filter=filters)


def append(
    name: str,
    rows: pa.Table,
    transaction: tuple[str, int] | None = None,
    partition_by: Sequence[str] = (),
) -> bool:
    """Append once. With a transaction (application id, version) a version already committed is skipped: False."""
    if transaction and transacted(name, transaction[0]) >= transaction[1]:
        return False
    properties = CommitProperties(app_transactions=[Transaction(*transaction)]) if transaction else None
    write_deltalake(
        location(name),
        rows,
        mode="append",
        partition_by=list(partition_by) or None,
        schema_mode="merge",
        commit_properties=properties,
    )
    return True


def transacted(name: str, application: str) -> int:
    """Last version that the application committed to the table; -1 = none."""
    if not exists(name):
        return -1
    found = open_table(name).transaction_version(application)
    return -1 if found is None else found


def replace(name: str, rows: pa.Table, partition_by: Sequence[str] = ()) -> int:
    """Replace the whole content (and schema); returns the new version."""
    write_deltalake(
        location(name),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=list(partition_by) or None,
    )
    return open_table(name).version()


def files_added(name: str, since: int | None) -> list[str]:
    """Data files that are in the table now and were not at version `since` (None = all)."""
    now = open_table(name).file_uris()
    before = set(open_table(name, since).file_uris()) if since is not None else set()
    return sorted(set(now) - before)


def duck(*wanted: str) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection in which each named table (none = all) is a view `<layer>.<table>`; times are UTC."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    attach(connection, wanted or names())
    return connection


def attach(connection: "duckdb.DuckDBPyConnection", wanted: Iterable[str]) -> None:
    """Register Delta tables as views of an open connection."""
    for name in wanted:
        layer, table = name.split(".")
        connection.execute(f"create schema if not exists {layer}")
        connection.register(f"_delta_{layer}_{table}", open_table(name).to_pyarrow_dataset())
        connection.execute(
            f'create or replace view {layer}."{table}" as select * from "_delta_{layer}_{table}"'
        )
