"""The vault in a backup: copied whole while it is written to, brought back without what was forgotten since."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lakehouse.vault import erased, store


def snapshot(target: Path) -> None:
    """A whole copy of the vault as it is now, in one file of mode 0600."""
    target.touch(mode=0o600)
    with closing(store.connected()) as vault, closing(sqlite3.connect(target)) as copy:
        vault.backup(copy)
        copy.execute("pragma journal_mode = delete")


def merge(copy: Path) -> None:
    """Take over what the copy holds and the vault does not; what either has forgotten stays forgotten.

    The copy must have been sealed by the same key. A vault that is not there yet is made.
    """
    with closing(store.connected()) as vault:
        store.prepare(vault)
        vault.executescript(erased.SCHEMA)
        vault.execute("attach ? as copy", [str(copy)])
        knows_erased = vault.execute("select 1 from copy.sqlite_master where name = 'erasures'").fetchone()
        with store.transaction(vault):
            vault.execute("insert or ignore into forgotten select token from copy.forgotten")
            vault.execute("insert or ignore into sealed select * from copy.sealed")
            vault.execute("insert or ignore into file_keys select * from copy.file_keys")
            for table in ("erasures", "suppressed") if knows_erased else ():
                vault.execute(f"insert or ignore into {table} select * from copy.{table}")
            vault.execute("delete from sealed where token in (select token from forgotten)")
            vault.execute("delete from file_keys where name in (select token from forgotten)")
    store.truncate_log()
