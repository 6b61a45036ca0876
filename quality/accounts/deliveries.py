"""Receipts against tables: what a department was told, and what bronze and dead letters hold of its delivery."""

from lakehouse import tables
from lakehouse.contracts import Source

RECEIPTS = "ops.delivery_receipts"

_COMPARED = """
select coalesce(r.delivery_id, t.delivery_id), r.file_name, r.received, r.landed, r.dead_letter, coalesce(t.rows, 0), coalesce(t.dead, 0)
from (select * from {receipts} where source = $source and state = 'landed') r
full join (select delivery_id, sum(1 - dead) as rows, sum(dead) as dead from ({rows}) group by 1) t using (delivery_id)
order by r.received_at, 1
"""


def check(source: Source) -> tuple[int, list[str]]:
    """Deliveries of a batch source, and one sentence for each whose receipt and rows differ."""
    letters = f"dead_letter.{source.feeds}"
    places = [(source.bronze_table, "select _delivery_id as delivery_id, 0 as dead from {}"),
              (letters, "select _delivery_id, 1 from {} where _source_code = $source")]  # fmt: skip
    present = [(name, select) for name, select in places if tables.exists(name)]
    if not present and not tables.exists(RECEIPTS):
        return 0, []
    with tables.duck(*(name for name, _ in present), *([RECEIPTS] if tables.exists(RECEIPTS) else [])) as connection:
        none = "(select '' as source, '' as state, '' as delivery_id, '' as file_name, 0 as received, 0 as landed, 0 as dead_letter, '' as received_at)"
        rows = " union all ".join(select.format(name) for name, select in present) or "select '' as delivery_id, 0 as dead limit 0"
        query = _COMPARED.format(receipts=RECEIPTS if tables.exists(RECEIPTS) else none, rows=rows)
        found = connection.execute(query, {"source": source.source}).fetchall()
    return len(found), [text for row in found for text in _sentence(source.source, *row)]


def _sentence(source: str, delivery: str, file: str | None, received: int, landed: int, dead_letter: int, rows: int, dead: int) -> list[str]:
    if file is None:
        return [f"{source} {delivery}: {rows} rows in bronze and {dead} dead letters, but no receipt; `lake run bronze` answers it."]
    said, there = (received, landed, dead_letter), (rows + dead, rows, dead)
    if said == there:
        return []
    names = ("received", "rows in bronze", "dead letters")
    told = ", ".join(f"{s} {name}, found {t}" for name, s, t in zip(names, said, there, strict=True) if s != t)
    return [f"{source} {delivery} ({file}): its receipt says {told}."]
