"""What became of the rows of one delivery: which rules they break, in which rows of the file, in the rule's own words."""

from dataclasses import dataclass
from typing import Any

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from quality import volumes

SHOWN_RULES, SHOWN_ROWS = 10, 10
_HELD = """
select c.field as field, c."check" as rule, any_value(c.message) as message, 'error' as severity, b._row_no as row_no
from {quarantine} q, unnest(q.checks) as u(c), {bronze} b
where q._source_code = $source and b._record_id = q._record_id and b._delivery_id = $delivery group by all
"""
_WARNED = """
select '' as field, w.rule as rule, '' as message, 'warning' as severity, b._row_no as row_no
from (select _record_id, unnest(string_split(_warnings, ',')) as rule from {silver} where _source_code = $source) w
join {bronze} b using (_record_id) where b._delivery_id = $delivery group by all
"""
_WORST = """
select field, rule, max(message) as message, severity, count(*) as rows, list_sort(list(row_no))[:{shown}] as first_rows
from ({found}) group by field, rule, severity order by severity, rows desc, rule limit {rules}
"""


@dataclass(frozen=True)
class BrokenRule:
    """One rule that rows of the delivery break; `first_rows` are row numbers of the file."""

    field: str
    rule: str
    message: str
    severity: str
    rows: int
    first_rows: list[int]


def of(source: Source, delivery_id: str) -> list[BrokenRule]:
    """The rules most often broken, errors (rows held) before warnings; before silver has seen the delivery that of its volume."""
    dataset = contracts()[source.feeds]
    queries = {f"quarantine.{dataset.id}": _HELD, dataset.table: _WARNED}
    known = [name for name in queries if tables.exists(name)]
    unusual = [_unusual(found, source) for found in volumes.unusual(source) if found.delivery_id == delivery_id]
    if not known or not tables.exists(source.bronze_table):
        return unusual
    names = {"quarantine": f"quarantine.{dataset.id}", "silver": dataset.table, "bronze": source.bronze_table}
    found = " union all ".join(queries[name].format(**names) for name in known)
    with tables.duck(*known, source.bronze_table) as connection:
        query = _WORST.format(found=found, shown=SHOWN_ROWS, rules=SHOWN_RULES)
        rows = connection.sql(query, params={"source": source.source, "delivery": delivery_id}).to_arrow_table().to_pylist()
    return [*(BrokenRule(**row | _of_contract(dataset, row)) for row in rows), *unusual]


def _unusual(found: volumes.Unusual, source: Source) -> BrokenRule:
    return BrokenRule("", volumes.RULE, found.told(source).removeprefix(f"{volumes.RULE}: "), "warning", found.rows, [])


def _of_contract(dataset: Dataset, row: dict[str, Any]) -> dict[str, str]:
    """Column and sentence of the rule, where the row does not say them."""
    rule = next((rule for rule in dataset.rules if rule.name == row["rule"]), None)
    told = {"field": rule.field or "", "message": rule.description} if rule else {}
    return {name: row[name] or told.get(name, "") for name in ("field", "message")}
