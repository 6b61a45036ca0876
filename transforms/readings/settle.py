"""Candidates of one slice -> silver, held rows, hourly aggregate: checks, one stated winner per key, warnings.

The same function serves the full rebuild, the increment, the replay and the tests; it needs no Spark.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive import arrow_schema, mask
from quality.decisions import Decision
from quality.row_rules import breaks
from transforms.held import Check, apply_decisions, quarantine
from transforms.settled import Settled, named
from transforms.slices import slice_of
from transforms.winners import PRECEDENCE, pack_keys, winner_positions

FIXABLE = ("station_id", "pollutant_code", "period", "value", "unit_code", "flag")


def settle(rows: pa.Table, dataset: Dataset, decisions: dict[str, Decision]) -> Settled:
    """Apply fixes, check, hold what breaks an error rule, choose winners, name the warnings of what stays."""
    rows, waived = apply_decisions(rows.unify_dictionaries().combine_chunks(), decisions, dataset.primary_key)
    broken = broken_rules(rows, dataset)
    failing = np.logical_or.reduce([np.zeros(rows.num_rows, bool), *(b for _, b in broken)])
    held = failing & ~waived
    passed = np.flatnonzero(~held)
    deciding = rows.select([*dataset.primary_key, *PRECEDENCE]).take(passed)
    winners = passed[winner_positions(deciding, dataset.primary_key)]
    kept = [name for name in arrow_schema(dataset).names if name in rows.column_names]
    silver = with_warnings(rows.select(kept).take(winners), dataset, waived[winners])

    def failed(position: int, row: dict) -> list[Check]:
        return failed_checks(row, [rule for rule, here in broken if here[position]])

    shown = (*FIXABLE, "observed_at", "_as_sent")
    return Settled(silver, quarantine(rows, held, failed, shown, dataset), len(passed) - len(winners))


def broken_rules(rows: pa.Table, dataset: Dataset) -> list[tuple[Rule | None, np.ndarray]]:
    """Per error rule, which rows break it; None stands for a conformance problem (`_problem`)."""
    found = [(None, pc.is_valid(rows["_problem"]).to_numpy())]
    found += [(rule, breaks(rule, rows)) for rule in dataset.row_rules("error")]
    return [(rule, here) for rule, here in found if here.any()]


def with_warnings(rows: pa.Table, dataset: Dataset, waived: np.ndarray) -> pa.Table:
    """Silver rows: the contract's columns and envelope, `_warnings` = names of warning rules broken, and `waived`.

    Text columns are words (dictionaries), as Parquet stores them; a table reads them as text.
    """
    broken = [(rule.name, breaks(rule, rows)) for rule in dataset.row_rules("warning")]
    broken += [(rule.name, group_breaks(rule, rows)) for rule in dataset.rules if rule.kind == "group"]
    broken.append(("waived", waived))
    out = rows.append_column("_warnings", named(broken, rows.num_rows))
    if dataset.partition:
        out = out.append_column(dataset.partition, slice_of(rows["observed_at"], dataset.partition))
    return out.select(arrow_schema(dataset).names)


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


def failed_checks(row: dict, rules: list[Rule | None]) -> list[Check]:
    """The checks that hold a row, each with field, name and a sentence; a row that does not resolve names just that."""
    if row["_problem"]:
        check, field, message = row["_problem"].split("|", 2)
        return [{"field": field, "check": check, "message": message}]
    return [{"field": r.field or "row", "check": r.name, "message": r.description} for r in rules if r is not None]
