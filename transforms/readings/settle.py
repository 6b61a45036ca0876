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
from lakehouse.contracts.derive.row_checks import columns_of
from lakehouse.contracts.derive.schema import TIMESTAMP
from lakehouse.words import chosen, encoded
from quality.decisions import Decision
from transforms.slices import start_of

PRECEDENCE = ("_rank", "_record_id", "_item_no")
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
    rows, waived = apply_decisions(rows.unify_dictionaries().combine_chunks(), decisions)
    for key in dataset.primary_key:
        waived &= rows[key].is_valid().to_numpy()  # no waiver gives a row the key that it lacks
    broken = broken_rules(rows, dataset)
    failing = np.logical_or.reduce([np.zeros(rows.num_rows, bool), *(b for _, b in broken)])
    held = failing & ~waived
    passed = np.flatnonzero(~held)
    deciding = rows.select([*dataset.primary_key, *PRECEDENCE]).take(passed)
    winners = passed[winner_positions(deciding, dataset.primary_key)]
    kept = [name for name in arrow_schema(dataset).names if name in rows.column_names]
    silver = with_warnings(rows.select(kept).take(winners), dataset, waived[winners])
    return Settled(silver, _quarantine(rows, held, broken, dataset), len(passed) - len(winners))


def hold_id(record_id: str, item_no: int) -> str:
    """Identity of an item, should it be held."""
    return f"{record_id}#{item_no}"


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
        decision = decisions.get(hold_id(rows["_record_id"][at].as_py(), rows["_item_no"][at].as_py()))
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
    plain = pa.string() if pa.types.is_dictionary(field.type) else field.type
    new = pa.array([values[at] for at in sorted(values)], plain)
    replaced = pc.replace_with_mask(rows[column].cast(new.type), pa.array(here), new)
    return rows.set_column(rows.schema.get_field_index(column), field, replaced.cast(field.type))


def broken_rules(rows: pa.Table, dataset: Dataset) -> list[tuple[Rule | None, np.ndarray]]:
    """Per error rule, which rows break it; None stands for a conformance problem (`_problem`)."""
    found = [(None, pc.is_valid(rows["_problem"]).to_numpy())]
    found += [(rule, _breaks(rule, rows)) for rule in dataset.row_rules("error")]
    return [(rule, breaks) for rule, breaks in found if breaks.any()]


def _breaks(rule: Rule, rows: pa.Table) -> np.ndarray:
    return ~np.asarray(mask(rule.predicate, {name: _plain(rows[name]) for name in columns_of(rule.predicate)}))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


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
    if pa.types.is_dictionary(column.type):
        of = encoded(column)
        return ranks(of.dictionary)[of.indices.to_numpy()], max(len(of.dictionary), 1)
    values = pc.cast(column, pa.int64()).to_numpy()
    step = np.gcd.reduce(values - values.min()) or 1
    codes = (values - values.min()) // step
    return codes, int(codes.max()) + 1


def ranks(words: pa.Array) -> np.ndarray:
    """Each word's place among the sorted words."""
    rank = np.empty(len(words), np.int64)
    rank[np.asarray(pc.sort_indices(words))] = np.arange(len(words))
    return rank


def with_warnings(rows: pa.Table, dataset: Dataset, waived: np.ndarray) -> pa.Table:
    """Silver rows: the contract's columns and envelope, `_warnings` = names of warning rules broken, and `waived`.

    Text columns are words (dictionaries), as Parquet stores them; a table reads them as text.
    """
    broken = [(rule.name, _breaks(rule, rows)) for rule in dataset.row_rules("warning")]
    broken += [(rule.name, group_breaks(rule, rows)) for rule in dataset.rules if rule.kind == "group"]
    broken.append(("waived", waived))
    codes = sum(
        (np.asarray(b).astype(np.int64) << bit for bit, (_, b) in enumerate(broken)),
        np.zeros(rows.num_rows, np.int64),
    )
    words = {c: ",".join(name for bit, (name, _) in enumerate(broken) if c >> bit & 1) or None for c in np.unique(codes).tolist()}
    out = rows.append_column("_warnings", chosen(list(words.values()), pa.array(np.searchsorted(np.array(list(words)), codes))))
    if dataset.partition:
        out = out.append_column(dataset.partition, slice_of(rows["observed_at"], dataset.partition))
    return out.select(arrow_schema(dataset).names)


def slice_of(observed: pa.ChunkedArray, partition: str) -> pa.Array:
    """The partition (date32) that an instant falls into: its UTC day or the first day of its UTC month."""
    days = observed.combine_chunks().cast(pa.date32(), safe=False).dictionary_encode()
    unit = {"_event_date": "day", "_event_month": "month"}[partition]
    return pc.floor_temporal(days.dictionary, unit=unit).take(days.indices)


def group_breaks(rule: Rule, rows: pa.Table) -> np.ndarray:
    """Which winners take part in a group whose values, laid side by side, break the rule.

    Arguments of the rule: `by` the grouping columns, `pivot` and `value` make the side-by-side columns, `flags` the
    codes whose rows are marked.
    """
    by, pivot, value, flags = (rule.arguments[name] for name in ("by", "pivot", "value", "flags"))
    broken = np.zeros(rows.num_rows, bool)
    concerned = np.flatnonzero(pc.is_in(rows[pivot], value_set=pa.array(flags)))
    if not len(concerned):
        return broken
    rows = rows.select([*dict.fromkeys([*by, pivot, value])]).take(concerned)
    groups, at = np.unique(pack_keys(rows, tuple(by)), return_inverse=True)
    values, wide = rows[value].to_numpy(), {}
    for code in flags:
        here = np.asarray(pc.equal(rows[pivot], code))
        column = np.full(len(groups), np.nan)
        column[at[here]] = values[here]
        wide[code] = pa.array(column, from_pandas=True)
    broken[concerned] = ~np.asarray(mask(rule.predicate, wide))[at]
    return broken


def _quarantine(rows: pa.Table, held: np.ndarray, broken: list[tuple[Rule | None, np.ndarray]], dataset: Dataset) -> pa.Table:
    """Held rows with every failed check; the same row held twice (delivered twice) appears once."""
    positions = np.flatnonzero(held)
    first = {}
    for position, row in zip(positions, rows.take(positions).to_pylist(), strict=True):
        first.setdefault(hold_id(row["_record_id"], row["_item_no"]), (position, row))
    out = []
    for held_id, (position, row) in sorted(first.items()):
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
