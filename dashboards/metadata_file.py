"""Superset's own database as a SQLite file: migrations that survive an interruption. Plain Python, both environments.

SQLite takes a migration statement by statement, so one that was interrupted can neither be continued nor repeated.
Three files in Superset's home: `superset.db`; `superset.db.before`, the database as it was before a migration that
has begun; `migrated`, the version of Superset whose migrations are all in. With another database than SQLite none of
them exists and nothing is done.
"""

import shutil
from pathlib import Path

DATABASE, BEFORE, MIGRATED = "superset.db", "superset.db.before", "migrated"
BESIDE = ("-journal", "-wal", "-shm")


def prepare(home: Path, version: str) -> None:
    """Before Superset opens the file: undo an interrupted migration; keep a copy when one is due."""
    database, before, migrated = (home / name for name in (DATABASE, BEFORE, MIGRATED))
    if before.exists():
        _remove(database)
        before.replace(database)
    elif database.exists() and not migrated.exists():
        _remove(database)  # the first start was interrupted: nobody's work is in it
    if database.exists() and migrated.read_text("utf-8") != version:
        part = before.with_suffix(".part")
        shutil.copyfile(database, part)
        part.replace(before)


def finish(home: Path, version: str) -> None:
    """After the last migration: the file stands. (In this order: interrupted between the two, it is migrated again.)"""
    (home / BEFORE).unlink(missing_ok=True)
    (home / MIGRATED).write_text(version, "utf-8")


def _remove(database: Path) -> None:
    for file in (database, *(database.with_name(database.name + tail) for tail in BESIDE)):
        file.unlink(missing_ok=True)
