"""Some rows of a table exchanged for others: only the files that hold what goes are written anew, all in one commit."""

import json
import time
import uuid
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake.transaction import AddAction, RemoveAction

from lakehouse import tables

FILE_BYTES = 16 << 20
"""Tables of which rows are exchanged are written in files of about this size."""
CONCERNED = "select distinct filename from read_parquet([{files}], filename = true) semi join touched using ({keys})"
STANDING = "create table standing as select * from read_parquet([{files}], filename = true) semi join touched using ({keys})"
NONE_STANDING = "create table standing as select *, '' as filename from fresh limit 0"
DIFFERENCE = """
create table gone as select {columns} from standing except all select {columns} from fresh;
create table come as select {columns} from fresh except all select {columns} from standing;
create table hit as select distinct filename from standing semi join gone using ({keys});
"""
REWRITTEN = """
select {columns} from read_parquet([{hit}]) anti join touched using ({keys})
union all (select {columns} from standing where filename in (from hit) except all from gone)
union all from come
"""
ADDED = "from come"
WRITTEN = """
copy ({rows}) to '{folder}' (format parquet, codec snappy, file_size_bytes {size})
"""


def exchange(name: str, touched: pa.Table, fresh: pa.Table) -> int:
    """Put `fresh` in the place of the rows of which the columns of `touched` have values that it names; the table's rows then.

    `fresh` has the columns of the table, which is not partitioned. What stays as it is, is not written.
    """
    table = tables.open_table(name)
    files = [str(file) for file in tables.files(name, table.version())]
    words = {"columns": ", ".join(f'"{c}"' for c in fresh.schema.names), "keys": ", ".join(touched.column_names)}
    with duckdb.connect() as base:
        base.register("touched", touched)
        base.register("fresh", fresh)
        base.execute("set preserve_insertion_order = false")
        concerned = [file for (file,) in base.sql(CONCERNED.format(files=_listed(files), **words)).fetchall()] if files else []
        base.execute(STANDING.format(files=_listed(concerned), **words) if concerned else NONE_STANDING)
        base.execute(DIFFERENCE.format(**words))
        gone, come = (base.sql(f"select count(*) from {side}").fetchall()[0][0] for side in ("gone", "come"))
        if gone or come:
            hit = sorted(file for (file,) in base.sql("from hit").fetchall())
            rows = REWRITTEN.format(hit=_listed(hit), **words) if hit else ADDED
            folder = tables.location(name) / f"part-{uuid.uuid4().hex}"
            base.execute(WRITTEN.format(rows=rows, folder=_quoted(folder), size=FILE_BYTES))
            _commit(name, sorted(folder.iterdir()), hit, fresh.schema)
    return table.count() - gone + come


def _commit(name: str, written: list[Path], removed: list[str], schema: pa.Schema) -> None:
    folder, now = tables.location(name), int(time.time() * 1000)
    adds = [
        AddAction(p.relative_to(folder).as_posix(), p.stat().st_size, {}, now, True, json.dumps({"numRecords": _rows(p)}))
        for p in written
    ]
    removes = [RemoveAction(str(Path(file).relative_to(folder)), True, now) for file in removed]
    tables.open_table(name).create_write_transaction([*adds, *removes], "append", schema)


def _rows(path: Path) -> int:
    from pyarrow import parquet

    return parquet.read_metadata(path).num_rows


def _listed(files: list[str]) -> str:
    return ", ".join(f"'{_quoted(file)}'" for file in files)


def _quoted(path: str | Path) -> str:
    return str(path).replace("'", "''")
