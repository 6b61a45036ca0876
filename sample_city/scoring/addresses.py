"""Addresses in departments' records against truth: is the building that the platform found the one that the text names?"""

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np

from lakehouse import tables
from sample_city.extract import sources

BUILDINGS, STANDARD = "silver.entity__buildings", "silver.xref__addresses"
_TEXT_FIELDS = ("address_text", "mother_address")
_FOUND = """
create table true_building as
select e.building_id, any_value(s.entity_no) as building_no
from silver.entity__buildings e join silver.geography__buildings b on b.building_id = e.source_key
join said s on s.record_id = b._record_id and s.role = 'self' and s.entity_kind = 'building' group by e.building_id;
create table located as
select w.record_id, w.field, d.township, d.building_no as true_building, t.building_no as found_building, x.method,
       x.geocode_quality is not null as is_understood, coalesce(t.building_no = d.building_no, false) as is_right
from ({written}) w join said s on s.record_id = w.record_id and s.role = 'address'
join doors d on d.address_no = s.entity_no
left join silver.xref__addresses x on x.address_text = w.text and x.division_hint is not distinct from w.hint
left join true_building t on t.building_id = x.building_id
"""
REPLICATES = 1000


def locate(connection: duckdb.DuckDBPyConnection) -> bool:
    """Make `located`: one row an address in a record; False where places are not built."""
    if not all(tables.exists(name) for name in (BUILDINGS, STANDARD, "silver.geography__buildings")):
        return False
    for statement in _FOUND.format(written=" union all ".join(_written())).split(";"):
        connection.execute(statement)
    return True


def _written() -> Iterator[str]:
    """record_id, field, text, hint of every dataset of persons and enterprises with addresses."""
    fields: dict[str, set[str]] = {}
    for source in sources().values():
        if not source.dataset.startswith("geography"):
            fields.setdefault(source.dataset, set()).update(source.columns)
    for dataset, columns in fields.items():
        for field in (f for f in _TEXT_FIELDS if f in columns and tables.exists(f"silver.{dataset}")):
            hint = "division_code" if "division_code" in columns else "null"
            columns_read = f"_record_id as record_id, '{field}' as field, {field} as text, {hint} as hint"
            yield f"select {columns_read} from silver.{dataset} where {field} is not null"


def scores(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Precision: right of those with a building; recall: right of all. By township and defect; bootstrap intervals."""
    rows = connection.execute(
        "select township, coalesce(w.defect, 'none'), found_building is not null, is_right "
        "from located l left join (select record_id, defect from wrong where role = 'self') w using (record_id)"
    ).fetchnumpy()
    township, defect, is_found, is_right = rows.values()
    yield from _measures(is_found, is_right, {})
    for name, groups in (("township", township), ("defect", defect)):
        for group in np.unique(groups.astype(str)):
            chosen = groups.astype(str) == group
            yield from _measures(is_found[chosen], is_right[chosen], {"subgroup_by": name, "subgroup": str(group)})


def _measures(is_found: np.ndarray, is_right: np.ndarray, subgroup: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Rows of precision and recall. Drawing records again is drawing the counts right, wrong and not found (multinomial)."""
    counts = np.array([is_right.sum(), (is_found & ~is_right).sum(), (~is_found).sum()])
    total = counts.sum()
    drawn = np.random.default_rng(1).multinomial(total, counts / max(total, 1), REPLICATES)
    for measure, whole in (("precision", slice(0, 2)), ("recall", slice(0, 3))):
        shares = drawn[:, 0] / np.maximum(drawn[:, whole].sum(axis=1), 1)
        low, high = np.percentile(shares, [2.5, 97.5])
        value = counts[0] / max(counts[whole].sum(), 1)
        row = {"kind": "address", "measure": measure, "value": float(value), "low": float(low), "high": float(high)}
        yield row | subgroup | {"n": int(counts[whole].sum())}
