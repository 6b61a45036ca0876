"""Candidates of one slice of records -> silver and held rows: fixes, checks, one stated winner per key, warnings.

The same function serves the full rebuild, the increment, the replay and the tests; it needs no Spark.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Dataset
from lakehouse.contracts.derive import arrow_schema
from quality.decisions import Decision
from quality.records.checks import Broken, broken_rules, failed, judged
from transforms.held import Check, apply_decisions, quarantine
from transforms.settled import Settled, named
from transforms.slices import slice_of
from transforms.winners import PRECEDENCE, winner_positions


def settle(rows: pa.Table, dataset: Dataset, decisions: dict[str, Decision]) -> Settled:
    """Apply fixes, check, hold what breaks an error rule, choose winners, name the warnings of what stays.

    In keys null is a value like others, unless the contract requires the column.
    """
    required = [f.name for f in dataset.fields if f.primary_key and f.required]
    rows, waived = apply_decisions(rows.combine_chunks(), decisions, required)
    clear = judged(rows, dataset)
    broken = broken_rules(clear, dataset.row_rules("error"))
    failing = np.asarray(rows["_problem"].is_valid())
    for _, here in broken:
        failing = failing | here
    held = failing & ~waived
    passed = np.flatnonzero(~held)
    winners = passed[winner_positions(rows.select([*dataset.primary_key, *PRECEDENCE]).take(passed), dataset.primary_key)]

    def why(position: int, row: dict) -> list[Check]:
        return failed(row["_problem"], [rule for rule, here in broken if here[position]])

    shown = [*(f.name for f in dataset.fields), "_as_sent"]
    out = quarantine(rows.rename_columns(_moment(rows)), held, why, shown, dataset)
    warnings = broken_rules(clear.take(winners), dataset.row_rules("warning"))
    return Settled(_silver(rows.take(winners), dataset, warnings, waived[winners]), out, len(passed) - len(winners))


def _moment(rows: pa.Table) -> list[str]:
    return ["observed_at" if name == "_observed_at" else name for name in rows.column_names]


def _silver(rows: pa.Table, dataset: Dataset, warnings: Broken, waived: np.ndarray) -> pa.Table:
    """Silver rows: the contract's columns and envelope, `_warnings` = names of warning rules broken, and `waived`."""
    broken = [(rule.name, here) for rule, here in warnings]
    left_out = [(name, _is_named(rows["_left_out"], name)) for name in dataset.left_out.values()]
    out = rows.append_column("_warnings", named([*broken, *left_out, ("waived", waived)], rows.num_rows))
    out = out.append_column(str(dataset.partition), slice_of(rows["_observed_at"], str(dataset.partition)))
    return out.select(arrow_schema(dataset).names)


def _is_named(lists: pa.ChunkedArray, name: str) -> np.ndarray:
    """Whether the name stands in each list of names, joined by commas."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(lists, f"(^|,){name}(,|$)"), False))
