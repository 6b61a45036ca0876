"""Measured error of the registers in the serving file: the newest scoring, as the page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.serving_data import data

SCORES, CATCHES = "ops.linkage_scores", "ops.defect_catches"
KINDS = ("person", "enterprise", "address")
SUBGROUPS = ("township", "name_length", "nationality", "age_band", "enterprise_kind", "defect")
TOTAL = "all deterministic"
EARLIER_RUNS = 12
OF_ALL = 10_000
"""Shares are told as so many of this many."""
FEWEST_RECORDS = 100
"""A subgroup with fewer is no best and no worst one."""


@dataclass(frozen=True)
class KindFigures:
    """One kind of entity: rows of precision and recall, the best and the worst township by recall, tables by subgroup."""

    kind: str
    precision: dict[str, Any]
    recall: dict[str, Any]
    best: dict[str, Any] | None
    worst: dict[str, Any] | None
    subgroups: dict[str, list[dict[str, Any]]]
    golden: list[dict[str, Any]]

    @property
    def wrong_of_all(self) -> int:
        """Of 10,000 joined pairs, those that do not belong together."""
        return round((1 - self.precision["value"]) * OF_ALL)

    @property
    def missed_of_all(self) -> int:
        """Of 10,000 pairs that belong together, those that are not joined."""
        return round((1 - self.recall["value"]) * OF_ALL)


@dataclass(frozen=True)
class Figures:
    """One scoring: when, of which city, by kind; defects and their total; earlier scorings, the newest first."""

    at: datetime
    city: dict[str, Any]
    kinds: list[KindFigures]
    defects: list[dict[str, Any]]
    total: dict[str, Any] | None
    earlier: list[dict[str, Any]]


def newest() -> Figures | None:
    """The newest scoring; None where the serving file holds none."""
    if SCORES not in data.tables():
        return None
    rows = data.rows(f'select * from {SCORES} where "at" = (select max("at") from {SCORES})')
    if not rows:
        return None
    city = {name: rows[0][name] for name in ("city", "seed", "scale", "files")}
    kinds = [found for kind in KINDS if (found := _kind(kind, [r for r in rows if r["kind"] == kind]))]
    defects = _defects()
    total = next((d for d in defects if d["defect_id"] == TOTAL), None)
    return Figures(rows[0]["at"], city, kinds, [d for d in defects if d["defect_id"] != TOTAL], total, _earlier())


def _kind(kind: str, rows: list[dict[str, Any]]) -> KindFigures | None:
    whole = {r["measure"]: r for r in rows if r["subgroup_by"] is None and r["attribute"] is None}
    if not {"precision", "recall"} <= whole.keys():
        return None
    tables = {name: _subgroup(rows, name) for name in SUBGROUPS}
    large = [line for line in tables["township"] if line["n"] >= FEWEST_RECORDS]
    golden = [r for r in rows if r["measure"] == "survivorship_accuracy"]
    return KindFigures(
        kind=kind,
        precision=whole["precision"],
        recall=whole["recall"],
        best=max(large, key=_found, default=None),
        worst=min(large, key=_found, default=None),
        subgroups={name: lines for name, lines in tables.items() if lines},
        golden=sorted(golden, key=lambda r: r["attribute"]),
    )


def _subgroup(rows: Iterable[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """One line a subgroup: its recall with interval, and its precision."""
    mine = [r for r in rows if r["subgroup_by"] == by]
    right = {r["subgroup"]: r["value"] for r in mine if r["measure"] == "precision"}
    return [
        {"name": r["subgroup"], "right": right.get(r["subgroup"]), "found": r["value"]} | {k: r[k] for k in ("low", "high", "n")}
        for r in sorted(mine, key=lambda r: (r["value"], r["subgroup"]))
        if r["measure"] == "recall"
    ]


def _found(line: dict[str, Any]) -> float:
    return line["found"]


def _defects() -> list[dict[str, Any]]:
    if CATCHES not in data.tables():
        return []
    return data.rows(
        f'select * from {CATCHES} where "at" = (select max("at") from {CATCHES}) order by defect_id, injected desc, field'
    )


def _earlier() -> list[dict[str, Any]]:
    """One line a scoring: precision and recall by kind."""
    figures = ", ".join(
        f"max(value) filter (kind = '{kind}' and measure = '{measure}') as {kind}_{measure}"
        for kind in KINDS
        for measure in ("precision", "recall")
    )
    return data.rows(
        f'select "at", city, scale, files, {figures} from {SCORES} where subgroup_by is null and attribute is null '
        'group by all order by "at" desc limit ?',
        [EARLIER_RUNS],
    )
