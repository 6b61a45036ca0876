"""Receipts against tables: what a department was told, and what bronze and dead letters hold of its delivery."""

from lakehouse.contracts import Source
from quality.accounts.opened import LETTERS, opened

RECEIPTS = "ops.delivery_receipts"
_TEXTS = ("source", "state", "delivery_id", "file_name", "received_at")
_COLUMNS = ", ".join([*(f"{c} text" for c in _TEXTS), *(f"{c} bigint" for c in ("received", "landed", "dead_letter"))])
_COMPARED = """
with told as (select * from ops.delivery_receipts where source = $source and state = 'landed'),
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


def check(source: Source) -> tuple[int, list[str]]:
    """Number of deliveries of a batch source, and one sentence for each whose receipt and rows differ."""
    letters = f"dead_letter.{source.feeds}"
    with opened({RECEIPTS: _COLUMNS, source.bronze_table: "_delivery_id text", letters: LETTERS}) as connection:
        query = _COMPARED.format(bronze=source.bronze_table, letters=letters)
        found = connection.execute(query, {"source": source.source}).fetchall()
    return len(found), [text for row in found for text in _sentence(source.source, *row)]


def _sentence(source: str, delivery: str, file: str | None, told: list[int], found: list[int]) -> list[str]:
    if file is None:
        there = f"{found[1]} rows in bronze and {found[2]} dead letters"
        return [f"{source} {delivery}: {there}, but no receipt; `lake run` answers it."]
    differ = [f"{t} {name}, found {f}" for name, t, f in zip(FIGURES, told, found, strict=True) if t != f]
    return [f"{source} {delivery} ({file}): its receipt says {', '.join(differ)}."] if differ else []
