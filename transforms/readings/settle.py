"""Candidates of one slice -> silver, held rows, hourly aggregate: checks, one stated winner per key, warnings.

The same function serves the full rebuild, the increment, the replay and the tests; it needs no Spark.
"""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive import arrow_schema, mask
from lakehouse.contracts.derive.schema import TIMESTAMP
from quality.decisions import Decision
from transforms.slices import start_of

FIXABLE = ("station_id", "pollutant_code", "period", "value", "unit_code", "flag")

CHECK = pa.struct([("field", pa.string()), ("check", pa.string()), ("message", pa.string())])


def quarantine_schema(dataset: Dataset) -> pa.Schema:
    """Held rows: identity, where they came from, every failed check, the row as JSON, partitioned like silver."""
    return pa.schema(
        [
            ("_hold_id", pa.string()), ("_record_id", pa.string()), ("_item_no", pa.int32()), ("_source_code", pa.string()),
            ("_delivery_id", pa.string()), ("checks", pa.list_(CHECK)), ("row", pa.string()), ("observed_at", TIMESTAMP),
            (str(dataset.partition), pa.date32()),
        ]
    )  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """Silver and quarantine rows of a slice, and how many candidates lost to a better one of the same key."""

    silver: pa.Table
    quarantine: pa.Table
    superseded: int


def settle(rows: pa.Table, dataset: Dataset, decisions: dict[str, Decision]) -> Settled:
    """Apply fixes, check, hold what breaks an error rule, choose winners, name the warnings of what stays."""
    rows, waived = apply_decisions(rows, decisions)
    for key in dataset.primary_key:
        waived &= rows[key].is_valid().to_numpy()  # no waiver gives a row the key that it lacks
    broken = broken_rules(rows, dataset)
    failing = np.logical_or.reduce([np.zeros(rows.num_rows, bool), *(b for _, b in broken)])
    held = failing & ~waived
    passed = np.flatnonzero(~held)
    winners = passed[winner_positions(rows.take(passed), dataset.primary_key)]
    silver = with_warnings(rows.take(winners), dataset, waived[winners])
    return Settled(silver, _quarantine(rows, held, broken, dataset), len(passed) - len(winners))


def hold_id(rows: pa.Table, at: int) -> str:
    """Identity of the item at that position, should it be held: record id and item number."""
    return f"{rows['_record_id'][at].as_py()}#{rows['_item_no'][at].as_py()}"


def apply_decisions(rows: pa.Table, decisions: dict[str, Decision]) -> tuple[pa.Table, np.ndarray]:
    """Rows with the stewards' fixes in place, and which rows a waiver lets pass."""
    waived = np.zeros(rows.num_rows, bool)
    if not decisions:
        return rows, waived
    records = pa.array([h.split("#")[0] for h in decisions])
    concerned = pc.is_in(rows["_record_id"].cast(pa.string()), value_set=records)
    changes: dict[str, dict[int, object]] = {}
    fixed: set[int] = set()
    for at in np.flatnonzero(concerned.to_numpy()):
        decision = decisions.get(hold_id(rows, int(at)))
        if decision is None:
            continue
        waived[at] = decision.kind == "waive"
        for column, value in decision.changes.items():
            changes.setdefault(column, {})[int(at)] = value
            fixed.add(int(at))
    for column, values in [*changes.items(), ("_problem", dict.fromkeys(fixed))]:
        rows = _set(rows, column, values)
    return rows, waived


def _set(rows: pa.Table, column: str, values: dict[int, object]) -> pa.Table:
    field = rows.schema.field(column)
    here = np.zeros(rows.num_rows, bool)
    here[list(values)] = True
    new = pa.array([values[at] for at in sorted(values)], field.type)
    replaced = pc.replace_with_mask(rows[column].combine_chunks(), pa.array(here), new)
    return rows.set_column(rows.schema.get_field_index(column), field, replaced)


def broken_rules(rows: pa.Table, dataset: Dataset) -> list[tuple[Rule | None, np.ndarray]]:
    """Per error rule, which rows break it; None stands for a conformance problem (`_problem`)."""
    found = [(None, pc.is_valid(rows["_problem"]).to_numpy())]
    found += [(rule, _breaks(rule, rows)) for rule in dataset.row_rules("error")]
    return [(rule, breaks) for rule, breaks in found if breaks.any()]


def _breaks(rule: Rule, rows: pa.Table) -> np.ndarray:
    return ~np.asarray(mask(rule.predicate, rows))


def winner_positions(rows: pa.Table, key: tuple[str, ...]) -> np.ndarray:
    """Positions of one winner per key, in key order: highest (source rank and revision), then record id, then item.

    No clock and no order of arrival takes part, so any order of deliveries gives the same rows (decisions 11).
    """
    if not rows.num_rows:
        return np.zeros(0, np.int64)
    packed = pack_keys(rows, key)
    order = np.argsort(packed, kind="stable")
    keys = packed[order]
    is_first = np.r_[True, keys[1:] != keys[:-1]]
    if is_first.all():
        return order
    contested = np.flatnonzero(~(is_first & np.r_[is_first[1:], True]))
    rivals = order[contested]
    record = np.array(rows["_record_id"].take(rivals).to_pylist(), dtype="S32")
    better = np.lexsort((
        -rows["_item_no"].to_numpy()[rivals], np.unique(record, return_inverse=True)[1],
        rows["_rank"].to_numpy()[rivals], packed[rivals],
    ))  # fmt: skip
    order[contested] = rivals[better]
    is_last = np.r_[keys[1:] != keys[:-1], True]
    return order[is_last]


def pack_keys(rows: pa.Table, key: tuple[str, ...]) -> np.ndarray:
    """One int64 per row, equal when and only when the key columns are equal, ordered by them."""
    packed = np.zeros(rows.num_rows, np.int64)
    room = 1
    for name in key:
        codes, count = _codes(rows[name])
        room *= count
        if room >= 2**63:
            raise OverflowError(f"The key {key} of this slice has too many values; use smaller slices.")
        packed = packed * count + codes
    return packed


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    if pa.types.is_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        words = np.array(encoded.dictionary.fill_null("").to_pylist(), dtype=object)
        rank = np.empty(len(words), np.int64)
        rank[np.argsort(words, kind="stable")] = np.arange(len(words))
        return rank[encoded.indices.to_numpy()], max(len(words), 1)
    values = pc.cast(column, pa.int64()).to_numpy()
    step = np.gcd.reduce(values - values.min()) or 1
    codes = (values - values.min()) // step
    return codes, int(codes.max()) + 1


def with_warnings(rows: pa.Table, dataset: Dataset, waived: np.ndarray) -> pa.Table:
    """Silver rows: the contract's columns and envelope, `_warnings` = names of warning rules broken, and `waived`."""
    broken = [(rule.name, _breaks(rule, rows)) for rule in dataset.row_rules("warning")]
    broken += [(rule.name, group_breaks(rule, rows)) for rule in dataset.rules if rule.kind == "group"]
    broken.append(("waived", waived))
    codes = sum(
        (np.asarray(b).astype(np.int64) << bit for bit, (_, b) in enumerate(broken)),
        np.zeros(rows.num_rows, np.int64),
    )
    words = {c: ",".join(name for bit, (name, _) in enumerate(broken) if c >> bit & 1) or None for c in np.unique(codes).tolist()}
    texts = pa.array(list(words.values()), pa.string()).take(pa.array(np.searchsorted(np.array(list(words)), codes)))
    out = rows.append_column("_warnings", texts)
    if dataset.partition:
        out = out.append_column(dataset.partition, slice_of(rows["observed_at"], dataset.partition))
    schema = arrow_schema(dataset)
    return out.select(schema.names).cast(schema)


def slice_of(observed: pa.ChunkedArray, partition: str) -> pa.Array:
    """The partition (date32) that an instant falls into: its UTC day or the first day of its UTC month."""
    unit = {"_event_date": "day", "_event_month": "month"}[partition]
    return pc.cast(pc.floor_temporal(observed, unit=unit), pa.date32())


def group_breaks(rule: Rule, rows: pa.Table) -> np.ndarray:
    """Which winners take part in a group whose values, laid side by side, break the rule.

    Arguments of the rule: `by` the grouping columns, `pivot` and `value` make the side-by-side columns, `flags` the
    codes whose rows are marked.
    """
    by, pivot, value, flags = (rule.arguments[name] for name in ("by", "pivot", "value", "flags"))
    if not rows.num_rows:
        return np.zeros(0, bool)
    groups, at = np.unique(pack_keys(rows, tuple(by)), return_inverse=True)
    codes, values = rows[pivot], rows[value].to_numpy()
    wide = {}
    for code in flags:
        here = np.asarray(pc.fill_null(pc.equal(codes, code), False))
        column = np.full(len(groups), np.nan)
        column[at[here]] = values[here]
        wide[code] = pa.array(column, from_pandas=True)
    broken = ~np.asarray(mask(rule.predicate, wide))
    return broken[at] & np.asarray(pc.is_in(codes, value_set=pa.array(flags)))


def _quarantine(rows: pa.Table, held: np.ndarray, broken: list[tuple[Rule | None, np.ndarray]], dataset: Dataset) -> pa.Table:
    """Held rows with every failed check; the same row held twice (delivered twice) appears once."""
    first = {hold_id(rows, int(at)): int(at) for at in reversed(np.flatnonzero(held))}
    out = []
    for held_id, position in sorted(first.items()):
        row = {name: rows[name][position].as_py() for name in rows.column_names}
        out.append({
            "_hold_id": held_id, **{k: row[k] for k in ("_record_id", "_item_no", "_source_code", "_delivery_id", "observed_at")},
            "checks": failed_checks(row, [rule for rule, breaks in broken if breaks[position]]),
            "row": json.dumps({k: row[k] for k in (*FIXABLE, "observed_at", "_as_sent")}, default=str, ensure_ascii=False),
            str(dataset.partition): start_of(row["observed_at"], dataset.partition),
        })  # fmt: skip
    return pa.Table.from_pylist(out, quarantine_schema(dataset))


def failed_checks(row: dict, rules: list[Rule | None]) -> list[dict[str, str]]:
    """The checks that hold a row, each with field, name and a sentence; a row that does not resolve names just that."""
    if row["_problem"]:
        check, field, message = row["_problem"].split("|", 2)
        return [{"field": field, "check": check, "message": message}]
    return [{"field": r.field or "row", "check": r.name, "message": r.description} for r in rules if r is not None]
