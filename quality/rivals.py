"""Whether a held row, let pass, would win: silver keeps one row per key, by source rank, revision and record id."""

from dataclasses import dataclass
from typing import Any

from lakehouse import tables
from lakehouse.contracts import Source, contracts
from lakehouse.contracts.mapping import PERIOD
from quality.accounts.records import landed_by
from quality.held_rows import HeldRow

_RESENT = "coalesce(max(json_extract_string(payload, '$.resent') = 'true'), false)::int"


@dataclass(frozen=True, order=True)
class Standing:
    """What silver compares, in this order; the larger one wins. A later arrival is no part of it."""

    rank: int
    revision: int
    stated: str
    """The day that the delivery states, ISO 8601; empty where none counts."""
    record_id: str
    before_item: int


def why_it_loses(row: HeldRow, changes: dict[str, Any]) -> str | None:
    """A sentence when silver holds a row that counts before this one (with the fix's columns); None when there is none."""
    rival = _in_silver(row, changes)
    own = contracts().sources.get(row.source)
    other = contracts().sources.get(rival["_source_code"]) if rival else None
    if rival is None or own is None or other is None:
        return None
    record_id, _, item_no = row.hold_id.partition("#")
    ours, delivery = _standing(own, record_id, int(item_no))
    theirs, other_delivery = _standing(other, rival["_record_id"], rival["_item_no"])
    if theirs < ours:
        return None
    value = f" with the value {rival['value']}" if "value" in rival else ""
    told = f"The row will not reach silver, which holds another row of the same key{value} that counts before it:"
    return f"{told} {_reason(own, other, ours, theirs, other_delivery or rival['_record_id'], bool(delivery))}"


def _reason(own: Source, other: Source, ours: Standing, theirs: Standing, named: str, is_delivered: bool) -> str:
    if theirs.rank > ours.rank:
        return f"it comes from {other.source}, which ranks before {own.source}. Have it corrected there."
    again = f"`lake deliver {landed_by(own).source} FILE --revision {theirs.revision + 1}`"
    mend = f"Deliver this row's file again with a higher one, {again}; the decision then holds for it, too."
    if not is_delivered:
        mend = "Only a reading that the device marks as resent counts before another one."
    if theirs.revision > ours.revision:
        return f"{named} declared revision {theirs.revision}, this row's delivery {ours.revision}. {mend}"
    if theirs.stated != ours.stated:
        days = f"says how things stand on {theirs.stated}, this row's delivery on {ours.stated or 'no day'}"
        return f"{named} {days}. Have the newer delivery corrected."
    if theirs.record_id == ours.record_id:
        return "it is an earlier item of the same record. Fix its key, or leave it held."
    return f"{named} has the same revision {ours.revision}, and then the larger record id counts, whatever came last. {mend}"


def _in_silver(row: HeldRow, changes: dict[str, Any]) -> dict[str, Any] | None:
    """The row that silver holds under the key that this one would have."""
    dataset = row.contract
    columns = {**row.row, **changes}
    times = {f.name: row.observed_at for f in dataset.fields if f.logical_type == "timestamp"}
    key = {name: columns.get(name, times.get(name)) for name in dataset.primary_key}
    same = [f'"{name}" = ${name}' for name in key]
    if contracts().is_of_records(dataset.id):  # null is a value of a key, and keys are of a slice
        key = {name: None if value is None else str(value) for name, value in key.items()}
        same = [f'"{name}"::varchar is not distinct from ${name}' for name in key]
        same.append(f"{dataset.partition} = '{row.observed_at:%Y-%m}-01'")
    elif None in key.values():
        return None
    if not tables.exists(dataset.table):
        return None
    with tables.duck(dataset.table) as connection:
        found = connection.sql(f"from {dataset.table} where {' and '.join(same)}", params=key).to_arrow_table().to_pylist()
    return found[0] if found else None


def _standing(source: Source, record_id: str, item_no: int) -> tuple[Standing, str | None]:
    """Of a record in bronze, with the delivery that declared its highest revision (none: it came by a stream)."""
    stated = f"coalesce({PERIOD}::varchar, '')" if source.shape == "records" else "''"
    wanted = f"coalesce(max(_revision), 0), arg_max({stated}, _revision), arg_max(_delivery_id, _revision)"
    if source.shape == "items":
        wanted = f"{_RESENT}, '', null"
    with tables.duck(source.bronze_table) as connection:
        query = f"select {wanted} from {source.bronze_table} where _record_id = $1"
        revision, day, delivery = connection.execute(query, [record_id]).fetchone()
    return Standing(source.rank, revision, day, record_id, -item_no), f"delivery {delivery}" if delivery else None
