"""Receipts against tables: what a department was told, and what bronze and dead letters hold of its delivery."""

from collections.abc import Iterable

from duckdb import DuckDBPyConnection

from lakehouse.contracts import Source
from quality.accounts.opened import LETTERS, opened

RECEIPTS = "ops.delivery_receipts"
_TEXTS = ("source", "state", "delivery_id", "file_name", "received_at")
_COLUMNS = ", ".join([*(f"{c} text" for c in _TEXTS), *(f"{c} bigint" for c in ("received", "landed", "dead_letter"))])
_COMPARED = """
with told as (select * from landed where source = $source),
found as (
    select delivery_id, sum(1 - dead) as rows, sum(dead) as dead from (
        select _delivery_id as delivery_id, 0 as dead from {bronze}
        union all select _delivery_id, 1 from {letters} where _source_code = $source)
    group by delivery_id)
select coalesce(told.delivery_id, found.delivery_id), file_name, [received, landed, dead_letter],
       [coalesce(rows + dead, 0), coalesce(rows, 0), coalesce(dead, 0)]
from told full join found using (delivery_id) order by received_at, 1
"""
FIGURES = ("received", "rows in bronze", "dead letters")


def check(sources: Iterable[Source]) -> dict[str, tuple[int, list[str]]]:
    """By batch source the number of its deliveries, and one sentence for each whose receipt and rows differ."""
    asked = list(sources)
    bronze, letters = {s.bronze_table: "_delivery_id text" for s in asked}, {_letters(s): LETTERS for s in asked}
    with opened({RECEIPTS: _COLUMNS, **bronze, **letters}) as connection:
        connection.execute(f"create temp table landed as from {RECEIPTS} where state = 'landed'")
        return {source.source: _compared(connection, source) for source in asked}


def _compared(connection: DuckDBPyConnection, source: Source) -> tuple[int, list[str]]:
    query = _COMPARED.format(bronze=source.bronze_table, letters=_letters(source))
    found = connection.execute(query, {"source": source.source}).fetchall()
    return len(found), [text for row in found for text in _sentence(source.source, *row)]


def _letters(source: Source) -> str:
    return f"dead_letter.{source.feeds}"


def _sentence(source: str, delivery: str, file: str | None, told: list[int], found: list[int]) -> list[str]:
    if file is None:
        there = f"{found[1]} rows in bronze and {found[2]} dead letters"
        return [f"{source} {delivery}: {there}, but no receipt; `lake run` answers it."]
    differ = [f"{t} {name}, found {f}" for name, t, f in zip(FIGURES, told, found, strict=True) if t != f]
    return [f"{source} {delivery} ({file}): its receipt says {', '.join(differ)}."] if differ else []
