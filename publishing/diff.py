"""What changed between two versions of a dataset, by key and by column, and the same in words (Chinese and English)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

EXAMPLES = 5


@dataclass(frozen=True)
class DatasetDiff:
    """One dataset against the version before. Row counts are by primary key; `changed_values`: column -> rows changed.

    `examples`: {"key": {...}, "column", "before", "after"} of the first changed values by key, as text.
    """

    dataset: str
    title_en: str
    title_zh: str
    is_new: bool = False
    is_gone: bool = False
    rows: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    changed_values: dict[str, int] = field(default_factory=dict)
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    columns_retyped: dict[str, str] = field(default_factory=dict)
    contract_before: str = ""
    contract_after: str = ""
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        schema = self.columns_added or self.columns_removed or self.columns_retyped
        return not (self.is_new or self.is_gone or self.added or self.removed or self.changed or schema)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare_rows(before: Path, after: Path, key: Iterable[str]) -> dict[str, Any]:
    """The row part of a DatasetDiff, from two Parquet files that hold the key's columns."""
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        db.execute(f"create view old as select * from read_parquet({_text(before)})")
        db.execute(f"create view new as select * from read_parquet({_text(after)})")
        types = {
            side: dict(db.execute(f"select column_name, column_type from (describe {side})").fetchall())
            for side in ("old", "new")
        }
        keys = [k for k in key if k in types["old"] and k in types["new"]]
        shared = [c for c in types["new"] if c in types["old"] and c not in keys]
        return {
            "rows": _count(db, "select count(*) from new"),
            "added": _count(db, f"select count(*) from new anti join old using ({_names(keys)})"),
            "removed": _count(db, f"select count(*) from old anti join new using ({_names(keys)})"),
            **_changes(db, keys, {c: "" if types["old"][c] == types["new"][c] else "::varchar" for c in shared}),
            "columns_added": [c for c in types["new"] if c not in types["old"]],
            "columns_removed": [c for c in types["old"] if c not in types["new"]],
            "columns_retyped": {
                c: f"{types['old'][c]} -> {types['new'][c]}" for c in [*keys, *shared] if types["old"][c] != types["new"][c]
            },
        }


def _changes(db: duckdb.DuckDBPyConnection, keys: list[str], columns: dict[str, str]) -> dict[str, Any]:
    """Rows and values that differ among the rows that both versions hold. `columns`: name -> cast for the comparison."""
    if not columns:
        return {"changed": 0, "changed_values": {}, "examples": []}
    both = f"from new n join old o using ({_names(keys)})"
    differs = {c: f"n.{_name(c)}{cast} is distinct from o.{_name(c)}{cast}" for c, cast in columns.items()}
    counts = ", ".join(f"count(*) filter (where {test})" for test in differs.values())
    changed, *per_column = db.execute(
        f"select count(*) filter (where {' or '.join(differs.values())}), {counts} {both}"
    ).fetchone()
    changed_values = {c: n for c, n in zip(columns, per_column, strict=True) if n}
    examples = [e for c in changed_values for e in _examples(db, keys, c, f"{both} where {differs[c]}")]
    return {"changed": changed, "changed_values": changed_values, "examples": examples[:EXAMPLES]}


def _examples(db: duckdb.DuckDBPyConnection, keys: list[str], column: str, source: str) -> list[dict[str, Any]]:
    picked = ", ".join(f"{_name(k)}::varchar" for k in keys)
    rows = db.execute(
        f"select {picked}, o.{_name(column)}::varchar, n.{_name(column)}::varchar "
        f"{source} order by {_names(keys)} limit {EXAMPLES}"
    ).fetchall()
    return [
        {"key": dict(zip(keys, row[:-2], strict=True)), "column": column, "before": row[-2], "after": row[-1]} for row in rows
    ]


def _count(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    return db.execute(sql).fetchone()[0]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(_name, columns))


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
