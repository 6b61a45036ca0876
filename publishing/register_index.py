"""The registers as the verification service reads them: one SQLite file by token, swapped whole.

It holds tokens, never a citizen number or name in clear; mode 0600. A new version is a new file, then the link moves.
"""

import os
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa

from lakehouse.settings import settings

LINK = "registers.sqlite"
SCHEMA = """
create table persons (number_token text primary key, person_id text, name_token text, sex_code text, birth_date text,
                      death_date text, is_dead int, is_resident int, is_enrolled int, household_id text, division_code text,
                      is_withheld int not null) without rowid;
create table enterprises (uscc text primary key, enterprise_id text, is_active int, legal_person_id text) without rowid;
create table addresses (address_text text primary key) without rowid;
create table about (data_as_of text not null);
"""


def index_file() -> Path:
    """The link to the version in force."""
    return settings().serving / "registers" / LINK


def last_number() -> int:
    """Of the version in force; 0 before the first."""
    target = index_file().resolve()
    return int(target.stem.removeprefix("registers-v")) if index_file().is_symlink() and target.exists() else 0


def publish(number: int, persons: pa.Table, enterprises: pa.Table, addresses: pa.Table, data_as_of: date) -> Path:
    """Write version `number` (columns as in SCHEMA) of the registers as of a day and move the link to it; returns the file."""
    folder = index_file().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = folder / f"registers-v{number}.sqlite"
    made.unlink(missing_ok=True)
    made.touch(mode=0o600)
    with closing(sqlite3.connect(made)) as connection:
        connection.executescript(SCHEMA)
        for name, rows in (("persons", persons), ("enterprises", enterprises), ("addresses", addresses)):
            columns = ", ".join(rows.column_names)
            places = ", ".join("?" * rows.num_columns)
            texts = zip(*(c.to_pylist() for c in rows.columns), strict=True)
            connection.executemany(f"insert into {name} ({columns}) values ({places})", map(_plain, texts))
        connection.execute("insert into about values (?)", [data_as_of.isoformat()])
        connection.commit()
    part = index_file().with_name(f".{LINK}.part")
    part.unlink(missing_ok=True)
    os.symlink(made.name, part)
    part.replace(index_file())
    for old in folder.glob("registers-v*.sqlite"):
        if old != made:
            old.unlink()
    return made


def _plain(row: tuple) -> tuple:
    return tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)
