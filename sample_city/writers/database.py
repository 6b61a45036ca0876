"""A department's database as an SQLite file, in place of a server that is read by SQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 1
TABLE = "records"


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """One table `records` with the department's column names, one table `synthetic_notice`; rows are rowids from 1."""
    columns = ", ".join(f'"{heading}" text' for heading in sheet.headings)
    places = ", ".join("?" for _ in sheet.headings)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table synthetic_notice (notice text)")
        database.execute("insert into synthetic_notice values (?)", (NOTICE,))
        database.execute(f"create table {TABLE} ({columns})")
        rows = zip(*(column.to_pylist() for column in sheet.columns), strict=True)
        database.executemany(f"insert into {TABLE} values ({places})", rows)
    return FIRST_ROW
