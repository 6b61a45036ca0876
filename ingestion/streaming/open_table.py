"""A Delta table kept open over the commits of one pass: asking and committing cost only what is new in its log."""

from __future__ import annotations

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse import tables

COMPACT_EVERY = 50
_JOINED_BYTES = 2 * 1024 * 1024  # joining takes many times this in memory; `lake upkeep` joins to larger files


class OpenTable:
    """One table of the lake, to which segments are committed under their numbers."""

    def __init__(self, name: str):
        self.name = name
        self._table: DeltaTable | None = tables.open_table(name) if tables.exists(name) else None

    def landed(self, application: str) -> int:
        """Number of the last segment that the application (a stream) committed here; 0 before the first."""
        if self._table is None:
            return 0
        self._table.update_incremental()
        return self._table.transaction_version(application) or 0

    def append(self, rows: pa.Table, application: str, number: int) -> None:
        """Commit rows of segments up to `number`. Every 50 commits small files are joined: reading stays quick."""
        if self._table is None:
            tables.append(self.name, rows, (application, number))
            self._table = tables.open_table(self.name)
            return
        once = CommitProperties(app_transactions=[Transaction(application, number)])
        write_deltalake(self._table, rows, mode="append", schema_mode="merge", commit_properties=once)
        if self._table.version() % COMPACT_EVERY == COMPACT_EVERY - 1:
            self._table.optimize.compact(target_size=_JOINED_BYTES, max_concurrent_tasks=1)
