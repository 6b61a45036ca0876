"""A table of an SQLite database, read by SQL -> rows of text. The database is opened in memory; nothing of it is run."""

import sqlite3
from contextlib import closing

import pyarrow as pa

from ingestion.batch.faults import Extract, Refused
from ingestion.batch.readers.header import check_names
from lakehouse.contracts import Source

WRITE_VERSION = slice(18, 20)
"""Bytes of the header that say whether a write-ahead log stands beside the file; there is none beside a delivered one."""
ROLLBACK = b"\x01\x01"


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = rowid, or the place where there is none; then text columns). Raises Refused."""
    table = source.format.table
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(body[: WRITE_VERSION.start] + ROLLBACK + body[WRITE_VERSION.stop :])
            database.execute("pragma trusted_schema = off")
            _check(database, table, name)
            return Extract(_rows(database, table, name))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise Refused(f"{name}: the database is damaged, or is none ({error}); copy it anew, at rest.") from error


def _check(database: sqlite3.Connection, table: str, name: str) -> None:
    [said] = database.execute("pragma quick_check(1)").fetchone()
    if said != "ok":
        raise Refused(f"{name}: the database is damaged ({said.splitlines()[-1]}); copy it anew, at rest.")
    known = [n for (n,) in database.execute("select name from sqlite_master where type = 'table' order by name")]
    if table not in known:
        raise Refused(f"{name}: there is no table {table}, but {', '.join(known) or 'none'}; send the database as agreed.")


def _rows(database: sqlite3.Connection, table: str, name: str) -> pa.Table:
    quoted = _quoted(table)
    names = [column[1] for column in database.execute(f"pragma table_info({quoted})")]
    check_names(names, f"{name}, table {table}")
    values = ", ".join(f"cast({_quoted(column)} as text)" for column in names)
    kept = database.execute("select wr from pragma_table_list(?) where schema = 'main'", [table]).fetchone()
    number = "row_number() over ()" if kept and kept[0] else "rowid"
    columns = list(zip(*database.execute(f"select {number}, {values} from {quoted} order by 1"), strict=True))
    columns = columns or [[] for _ in range(len(names) + 1)]
    texts = {column: pa.array(cells, pa.string()) for column, cells in zip(names, columns[1:], strict=True)}
    return pa.table({"_row_no": pa.array(columns[0], pa.int64()), **texts})


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
