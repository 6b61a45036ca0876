"""Names, places and versions of the lake's Delta tables; reading and committing without a JVM."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError

from lakehouse.settings import settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset as ds

DUCK_TYPES = {"date": "DATE", "string": "VARCHAR", "integer": "INTEGER", "long": "BIGINT"}
COMMIT = re.compile(r"\d{20}\.(json|checkpoint.*\.parquet)$")
LAYERS = ("bronze", "silver", "quarantine", "dead_letter", "gold", "ops", "reference")


def location(name: str) -> Path:
    """Folder of `<layer>.<table>`. Raises ValueError for a name outside the layers."""
    layer, _, table = name.partition(".")
    if layer not in LAYERS or not re.fullmatch("[a-z0-9_]+", table):
        raise ValueError(f"{name!r} is no table name; write <layer>.<table> with a layer of {', '.join(LAYERS)}.")
    return settings().tables / layer / table


def exists(name: str) -> bool:
    return _has_commits(location(name) / "_delta_log")


def names(layer: str | None = None) -> list[str]:
    """All tables of the lake (or of one layer), by layer and name."""
    layers = [layer] if layer else LAYERS
    logs = [log for lay in layers for log in sorted((settings().tables / lay).glob("*/_delta_log"))]
    return [f"{log.parent.parent.name}.{log.parent.name}" for log in logs if _has_commits(log)]


def _has_commits(log: Path) -> bool:
    """A log folder without a commit is what a crash in the first write leaves behind: no table yet."""
    return any(_commits(log))


def _commits(log: Path) -> Iterator[Path]:
    return (file for file in log.glob("*") if COMMIT.match(file.name))


def open_table(name: str, version: int | None = None) -> DeltaTable:
    """The Delta table. Raises LookupError naming the table and what to run when it is not there."""
    try:
        return DeltaTable(location(name), version=version)
    except TableNotFoundError:
        raise LookupError(f"Table {name} does not exist yet; `lake run` builds it, `lake tables` lists what is there.") from None


def version(name: str) -> int | None:
    """Number of the newest commit, or of the checkpoint that stands for it, without opening the table; None = no table."""
    return max((int(file.name[:20]) for file in _commits(location(name) / "_delta_log")), default=None)


def committed_at(name: str, version: int | None = None) -> datetime:
    """Commit time (UTC) of the table's version. Raises LookupError when upkeep has removed that commit."""
    table = open_table(name)
    at = table.version() if version is None else version
    for commit in table.history(max(table.version() - at + 1, 1)):
        if commit["version"] == at:
            return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
    raise LookupError(f"Table {name} has no version {at} any more; `lake tables` shows its newest.")


def read(name: str, columns: Sequence[str] | None = None, version: int | None = None, filters=None) -> pa.Table:
    """The rows as Arrow. `filters` as in pyarrow's dataset API (an expression)."""
    return dataset(open_table(name, version)).to_table(columns=list(columns) if columns else None, filter=filters)


def dataset(table: DeltaTable) -> "ds.Dataset":
    """The table as Arrow's dataset, read by Arrow's own file system: delta-rs' one calls Python from Arrow's threads, which
    aborts a process that ends while they still close their files."""
    from pyarrow import fs

    folder = unquote(table.table_uri.removeprefix("file://"))
    return table.to_pyarrow_dataset(filesystem=fs.SubTreeFileSystem(folder, fs.LocalFileSystem()))


def arrow_rows(entries: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """One or more entries (text, numbers, instants, None) as an Arrow table. It goes through Arrow's JSON reader,
    because making arrays of Python values imports pandas: a third of a small process's memory."""
    from pyarrow import json as arrow_json

    lines = "".join(json.dumps(entry, default=datetime.isoformat) + "\n" for entry in entries).encode()
    whole, typed = arrow_json.ReadOptions(block_size=len(lines)), arrow_json.ParseOptions(explicit_schema=schema)
    return arrow_json.read_json(pa.BufferReader(lines), whole, typed)


def append(
    name: str,
    rows: pa.Table,
    transaction: tuple[str, int] | None = None,
    partition_by: Sequence[str] = (),
) -> bool:
    """Append; with a transaction (application id, version) once only: False = it was committed before."""
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


def replace(name: str, rows: pa.Table, partition_by: Sequence[str] = (), file_bytes: int | None = None) -> int:
    """Replace the whole content (and schema), in files of about so many bytes; returns the new version."""
    write_deltalake(
        location(name),
        rows,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=list(partition_by) or None,
        target_file_size=file_bytes,
    )
    return open_table(name).version()


def files(name: str, version: int | None = None) -> list[Path]:
    """Data files of the table at a version."""
    return _files(open_table(name, version))


def _files(table: DeltaTable) -> list[Path]:
    return sorted(Path(uri.removeprefix("file://")) for uri in table.file_uris())


def files_added(name: str, since: int | None, until: int) -> list[Path]:
    """Data files with the rows that came after version `since` (None = ever) and up to version `until`.

    Compaction moves rows and adds none, so the files that it wrote do not count. Where upkeep has removed the
    commits or the files in question, the answer is all files: more than needed, never less.
    """
    if since is None or since > until:
        return files(name, until)
    added = _added_by_commits(location(name), range(since + 1, until + 1))
    return files(name, until) if added is None else added


def _added_by_commits(table: Path, versions: Iterable[int]) -> list[Path] | None:
    added: list[Path] = []
    for at in versions:
        commit = table / "_delta_log" / f"{at:020}.json"
        if not commit.exists():
            return None
        actions = (json.loads(line).get("add") for line in commit.read_text("utf-8").splitlines())
        added += [table / unquote(add["path"]) for add in actions if add and add["dataChange"]]
    return sorted(added) if all(file.exists() for file in added) else None


def duck(*wanted: str) -> "duckdb.DuckDBPyConnection":
    """A DuckDB connection with each named table (none = all) as view `<layer>.<table>`; times are UTC."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    attach(connection, wanted or names())
    return connection


def attach(connection: "duckdb.DuckDBPyConnection", wanted: Iterable[str]) -> None:
    """Make Delta tables views of an open connection, each as it is now."""
    for name in wanted:
        layer, table = name.split(".")
        connection.execute(f"create schema if not exists {layer}")
        connection.execute(f'create or replace view {layer}."{table}" as {scan(connection, name)}')


def scan(connection: "duckdb.DuckDBPyConnection", name: str, version: int | None = None) -> str:
    """SQL that reads the table at a version (None = the newest). DuckDB reads plain files itself; what needs more goes
    through Arrow, which costs the import of pandas (as long as all the rest of a command) and cannot compare the texts
    of files that delta-rs has rewritten (they are string views there)."""
    table = open_table(name, version)
    found, parts = _files(table), table.metadata().partition_columns
    types = {f.name: DUCK_TYPES.get(str(getattr(f.type, "type", "")), "") for f in table.schema().fields}
    if not found or table.protocol().reader_features or not all(types[p] for p in parts):
        view = f"_delta_{name}_{table.version()}"
        connection.register(view, dataset(table))
        return f'select * from "{view}"'
    columns = ", ".join(f'"{column}"' for column in types)
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in found)
    hive = ", ".join(f"'{part}': {types[part]}" for part in parts)
    options = f", hive_partitioning = true, hive_types = {{{hive}}}" if parts else ", hive_partitioning = false"
    return f"select {columns} from read_parquet([{listed}], union_by_name = true{options})"
