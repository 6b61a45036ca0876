"""Rows that a check holds: stewards' decisions on them, their shape in quarantine, what they fail."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset
from lakehouse.contracts.derive.schema import TIMESTAMP
from quality.decisions import Decision
from transforms.slices import start_of

CHECK = pa.struct([("field", pa.string()), ("check", pa.string()), ("message", pa.string())])
Check = dict[str, str]


def quarantine_schema(dataset: Dataset) -> pa.Schema:
    """Held rows: identity, where they came from, every failed check, the row as JSON, partitioned like silver."""
    return pa.schema(
        [
            ("_hold_id", pa.string()), ("_record_id", pa.string()), ("_item_no", pa.int32()), ("_source_code", pa.string()),
            ("_delivery_id", pa.string()), ("checks", pa.list_(CHECK)), ("row", pa.string()), ("observed_at", TIMESTAMP),
            (str(dataset.partition), pa.date32()),
        ]
    )  # fmt: skip


def hold_id(record_id: str, item_no: int) -> str:
    """Identity of an item, should it be held."""
    return f"{record_id}#{item_no}"


def apply_decisions(rows: pa.Table, decisions: dict[str, Decision], key: Sequence[str]) -> tuple[pa.Table, np.ndarray]:
    """Rows with the stewards' fixes in place, and which rows a waiver lets pass; none without a complete `key`."""
    waived = np.zeros(rows.num_rows, bool)
    if not decisions:
        return rows, waived
    records = pa.array([h.split("#")[0] for h in decisions])
    concerned = pc.is_in(rows["_record_id"].cast(pa.string()), value_set=records)
    changes: dict[str, dict[int, object]] = {}
    fixed: set[int] = set()
    for at in np.flatnonzero(concerned.to_numpy()):
        decision = decisions.get(hold_id(rows["_record_id"][at].as_py(), rows["_item_no"][at].as_py()))
        if decision is None:
            continue
        waived[at] = decision.kind == "waive"
        for column, value in decision.changes.items():
            changes.setdefault(column, {})[int(at)] = value
            fixed.add(int(at))
    for column, values in [*changes.items(), ("_problem", dict.fromkeys(fixed))]:
        rows = _set(rows, column, values)
    for name in key:
        waived &= rows[name].is_valid().to_numpy()
    return rows, waived


def _set(rows: pa.Table, column: str, values: dict[int, object]) -> pa.Table:
    """The rows with the values (a day as ISO 8601) at their positions of the column."""
    field = rows.schema.field(column)
    here = np.zeros(rows.num_rows, bool)
    here[list(values)] = True
    as_text = pa.types.is_dictionary(field.type) or pa.types.is_date(field.type)
    new = pa.array([values[at] for at in sorted(values)], pa.string() if as_text else field.type)
    plain = pa.string() if pa.types.is_dictionary(field.type) else field.type
    replaced = pc.replace_with_mask(rows[column].cast(plain), pa.array(here), new.cast(plain))
    return rows.set_column(rows.schema.get_field_index(column), field, replaced.cast(field.type))


def quarantine(
    rows: pa.Table, held: np.ndarray, failed: Callable[[int, dict], list[Check]], shown: Sequence[str], dataset: Dataset
) -> pa.Table:
    """Held rows with every failed check; the same row held twice (delivered twice) appears once.

    `rows` has `observed_at`; `failed` says what the row of a position fails, `shown` are the columns kept for the steward.
    """
    positions = np.flatnonzero(held)
    first = {}
    for position, row in zip(positions, rows.take(positions).to_pylist(), strict=True):
        first.setdefault(hold_id(row["_record_id"], row["_item_no"]), (int(position), row))
    out = []
    for held_id, (position, row) in sorted(first.items()):
        out.append({
            "_hold_id": held_id, **{k: row[k] for k in ("_record_id", "_item_no", "_source_code", "_delivery_id", "observed_at")},
            "checks": failed(position, row),
            "row": json.dumps({k: row[k] for k in shown}, default=str, ensure_ascii=False),
            str(dataset.partition): start_of(row["observed_at"], dataset.partition),
        })  # fmt: skip
    return pa.Table.from_pylist(out, quarantine_schema(dataset))
