"""Measured error of the registers as rows: `ops.linkage_scores`, `ops.linkage_curves` and `ops.defect_catches`.

They are written where the truth of a city is known (`lake sample-city score`); gates and pages read them and never the truth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lakehouse import outcomes, tables

SCORES = "ops.linkage_scores"
CATCHES = "ops.defect_catches"
CURVES = "ops.linkage_curves"
Rows = Iterable[Mapping[str, Any]]
_RUN = [
    ("run_id", pa.string()), ("at", pa.timestamp("us", tz="UTC")),
    ("city", pa.string()), ("seed", pa.int64()), ("scale", pa.float64()), ("files", pa.int64()),
]  # fmt: skip
SCORE_SCHEMA = pa.schema(
    [
        *_RUN, *((name, pa.string()) for name in ("kind", "measure", "attribute", "subgroup_by", "subgroup")),
        ("value", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("n", pa.int64()),
        ("rule_version", pa.string()), ("table_versions", pa.string()),
    ]
)  # fmt: skip
"""One row a measure of one run. `kind`: person, enterprise, address. `measure`: precision, recall, f1 (pairs of records; for
addresses the share of right ones), their `bcubed_` and `across_sources_` forms, coverage, survivorship_accuracy,
survivorship_filled, id_churn. `attribute`: of the golden record, for survivorship. `subgroup_by` and `subgroup`: null for all.
`value` with the bounds of its 95 % interval, shares from 0 to 1; `n`: records, or entities for survivorship and churn.
`city`, `seed`, `scale`, `files`: which city, and how many of its files had been delivered."""
CATCH_SCHEMA = pa.schema(
    [
        *_RUN, ("defect_id", pa.string()), ("field", pa.string()), ("expected", pa.string()),
        ("injected", pa.int64()), ("caught", pa.int64()), ("caught_by", pa.string()), ("missed", pa.int64()),
        ("false_alarms", pa.int64()), ("clean_rows", pa.int64()),
    ]
)  # fmt: skip
"""One row an injected defect and field of one run. `expected`: catchers by letter (F format, R row check, S arrival, X conflict
of sources, L linkage). `caught_by`: what caught it, most first, with counts. `false_alarms`: rows without any defect, of
`clean_rows`, on which one of those checks fired."""

CURVE_SCHEMA = pa.schema(
    [
        *_RUN, ("kind", pa.string()), ("threshold", pa.float64()), ("precision", pa.float64()), ("recall", pa.float64()),
        ("false_links", pa.int64()), ("missed_links", pa.int64()), ("cost", pa.float64()),
        ("false_link_cost", pa.float64()), ("missed_link_cost", pa.float64()), ("is_in_force", pa.bool_()),
    ]
)  # fmt: skip
"""One row a threshold of match probability and kind of one run: what linking at it or above would have given among the scored
pairs, and its cost by what one false and one missed link count. `is_in_force`: the threshold of the rules."""


@dataclass(frozen=True)
class Run:
    """What one scoring looked at."""

    run_id: str
    at: datetime
    city: str
    seed: int
    scale: float
    files: int


def begun(city: str, seed: int, scale: float, files: int) -> Run:
    return Run(outcomes.run_id(), datetime.now(UTC), city, seed, scale, files)


def write(run: Run, scores: Rows, catches: Rows, curves: Rows = ()) -> None:
    """Append the rows of one run; they lack only the columns of the run."""
    for name, rows, schema in ((SCORES, scores, SCORE_SCHEMA), (CATCHES, catches, CATCH_SCHEMA), (CURVES, curves, CURVE_SCHEMA)):
        tables.append(name, pa.Table.from_pylist([vars(run) | dict(row) for row in rows], schema))


def runs() -> list[list[dict[str, Any]]]:
    """The rows of `ops.linkage_scores` run by run, the oldest first; empty before the first scoring."""
    if not tables.exists(SCORES):
        return []
    by_run: dict[tuple[datetime, str], list[dict[str, Any]]] = {}
    for row in tables.read(SCORES).to_pylist():
        by_run.setdefault((row["at"], row["run_id"]), []).append(row)
    return [by_run[key] for key in sorted(by_run)]
