"""The vault's database: one writer at a time and many readers (write-ahead log); what is deleted is overwritten."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lakehouse.settings import settings
from lakehouse.vault import keys
from lakehouse.vault.keys import Keys

FILE = "vault.sqlite"
WAIT_SECONDS = 120
"""For another writer. A million new values take a tenth of it."""
MAPPED_BYTES = 4 * 1024**3
"""Of the file in memory, shared by all processes: tokens are looked up all over it."""
SCHEMA = """
create table if not exists sealed (token text primary key, value blob not null) without rowid;
create table if not exists file_keys (name text primary key, key blob not null) without rowid;
create table if not exists forgotten (token text primary key) without rowid;
"""
"""`forgotten`: tokens and file names whose values and keys were destroyed, so that an older backup does not bring them back."""


class VaultError(RuntimeError):
    """The vault cannot be used; the message says why and what to do."""


def vault_file() -> Path:
    return settings().secrets / FILE


@contextmanager
def reading() -> Iterator[tuple[sqlite3.Connection | None, Keys | None]]:
    """The vault and its keys; None, None where nothing was ever stored. Raises VaultError."""
    if not vault_file().exists():
        yield None, None
        return
    with closing(connected()) as connection:
        yield connection, _keys(connection)


@contextmanager
def writing() -> Iterator[tuple[sqlite3.Connection, Keys]]:
    """The vault in one transaction that no other writer shares, made on first use. Raises VaultError."""
    with closing(connected()) as connection:
        prepare(connection)
        with transaction(connection):
            yield connection, _keys(connection) or keys.make(settings().secrets)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none yet."""
    if not has(connection, "forgotten"):
        connection.execute("pragma journal_mode = wal")
        connection.executescript(SCHEMA)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def truncate_log() -> None:
    """Move all into the database file, so that the log holds no page with what was deleted."""
    with closing(connected()) as connection:
        busy, *_ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    if busy:
        raise VaultError("The vault's log holds old pages while another process reads it; end that process and forget again.")


def connected() -> sqlite3.Connection:
    """A connection to the file, which is made (mode 0600) where there is none."""
    settings().secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault_file().touch(mode=0o600)
    connection = sqlite3.connect(vault_file(), timeout=WAIT_SECONDS, isolation_level=None)
    connection.execute("pragma secure_delete = on")
    connection.execute("pragma temp_store = memory")
    connection.execute(f"pragma mmap_size = {MAPPED_BYTES}")
    return connection


def _keys(connection: sqlite3.Connection) -> Keys | None:
    """Raises VaultError when the key is gone and values that it sealed are not."""
    found = keys.read(settings().secrets)
    if found is None and any(_holds_rows(connection, table) for table in ("sealed", "file_keys")):
        key = settings().secrets / keys.FILE
        raise VaultError(f"{key} is missing and {FILE} beside it holds values that only it opens; bring it back from a backup.")
    return found


def _holds_rows(connection: sqlite3.Connection, table: str) -> bool:
    return has(connection, table) and connection.execute(f"select 1 from {table} limit 1").fetchone() is not None


def has(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("select 1 from sqlite_master where name = ?", [table]).fetchone() is not None
