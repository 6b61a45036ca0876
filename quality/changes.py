"""What differs between two states of a table: rows by key that were added, removed or changed, column by column."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from lakehouse import tables
from lakehouse.contracts import Dataset
from quality import masking

EVIDENCE = ("input_versions",)
"""Columns that name the run's inputs: they differ after every run and are no change of the data."""
SHOWN = 20


@dataclass(frozen=True)
class RowChange:
    """One row: its key and the columns that differ, each as (before, after). Kind: added, removed or changed.

    It is told masked, as held rows are."""

    dataset: str
    kind: str
    key: dict[str, object]
    columns: dict[str, tuple[object, object]]

    def __str__(self) -> str:
        what = ", ".join(f"{name} {self._told(name, *values)}" for name, values in self.columns.items())
        key = " ".join(self._shown(name, value) for name, value in self.key.items())
        return f"{self.kind:<8} {key}{f': {what}' if what else ''}"

    def _told(self, name: str, before: object, after: object) -> str:
        if self.kind == "changed":
            return f"{self._shown(name, before)} -> {self._shown(name, after)}"
        return self._shown(name, before if self.kind == "removed" else after)

    def _shown(self, name: str, value: object) -> str:
        return _text(masking.kept_or_masked(self.dataset, name, value))


def _text(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) and value.tzinfo else str(value)


@dataclass(frozen=True)
class Changes:
    """Counts over the whole table, and the first rows in order of the key."""

    table: str
    added: int = 0
    removed: int = 0
    changed: int = 0
    rows: tuple[RowChange, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def lines(self) -> list[str]:
        """The counts, the first rows, and how many are not shown."""
        more = self.added + self.removed + self.changed - len(self.rows)
        return [str(self), *(f"  {row}" for row in self.rows), *([f"  and {more} more rows"] if more > 0 else [])]

    def __str__(self) -> str:
        return f"{self.table}: {self.added} rows added, {self.removed} removed, {self.changed} changed"


def between_versions(dataset: Dataset, before: int | None, after: int | None, shown: int = SHOWN) -> Changes:
    """Changes of the dataset's table from one version to another; reads only the files that one of them has alone.

    A version None stands for a table that does not exist yet.
    """
    old, new = (_files(dataset.table, version) for version in (before, after))
    table = tables.open_table(dataset.table, after if after is not None else before)
    return compare(dataset, _read(old - new, table), _read(new - old, table), shown)


def _files(name: str, version: int | None) -> set[str]:
    return set(tables.open_table(name, version).file_uris()) if version is not None else set()


def _read(files: set[str], table: DeltaTable) -> pa.Table:
    schema = table.to_pyarrow_dataset().schema
    if not files:
        return schema.empty_table()
    folders = pa.schema([schema.field(name) for name in table.metadata().partition_columns])
    paths = sorted(f.removeprefix("file://") for f in files)
    return ds.dataset(paths, schema=schema, partitioning=ds.partitioning(folders, flavor="hive"), format="parquet").to_table()


def compare(dataset: Dataset, before: pa.Table, after: pa.Table, shown: int = SHOWN) -> Changes:
    """Compare two tables by the dataset's key over the contract's columns (and `_warnings` where both have it)."""
    named = [f.name for f in dataset.fields if f.name not in (*dataset.primary_key, *EVIDENCE)]
    columns = [*named, *(["_warnings"] if "_warnings" in before.column_names and "_warnings" in after.column_names else [])]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("rows_before", before)
        connection.register("rows_after", after)
        connection.execute(_differences(dataset.primary_key, columns))
        found = dict(connection.execute("select kind, count(*) from differences group by kind").fetchall())
        order = ", ".join(f'key."{k}"' for k in dataset.primary_key)
        rows = connection.execute(f"select kind, key, was, now from differences order by {order} limit {shown}").fetchall()
    counted = {kind: found.get(kind, 0) for kind in ("added", "removed", "changed")}
    return Changes(dataset.table, **counted, rows=tuple(_row(dataset.id, *row) for row in rows))


def _differences(key: Sequence[str], columns: Sequence[str]) -> str:
    def side(name: str) -> str:
        return f"select {_struct(key)} as key, {_struct(columns)} as was from {name}"

    return f"""
        create temp table differences as
        select case when b.was is null then 'added' when a.was is null then 'removed' else 'changed' end as kind,
               coalesce(b.key, a.key) as key, b.was, a.was as now
        from ({side("rows_before")}) b full join ({side("rows_after")}) a on b.key = a.key
        where b.was is distinct from a.was"""


def _struct(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"'{name}': \"{name}\"" for name in names) + "}"


def _row(dataset: str, kind: str, key: dict, was: dict | None, now: dict | None) -> RowChange:
    both = {name: ((was or {}).get(name), (now or {}).get(name)) for name in {**(was or {}), **(now or {})}}
    return RowChange(dataset, kind, key, {name: values for name, values in both.items() if values[0] != values[1]})


def as_json(changes: Changes) -> str:
    """The counts, for the outcome of a replay."""
    return json.dumps({"table": changes.table, "added": changes.added, "removed": changes.removed, "changed": changes.changed})
