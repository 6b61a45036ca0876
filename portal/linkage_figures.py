"""Measured error of the registers in the serving file: the newest scoring, as the page shows it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.yaml_file import read
from portal.serving_data import data
from quality.linkage.gate import targets

SCORES, CATCHES, CURVES = "ops.linkage_scores", "ops.defect_catches", "ops.linkage_curves"
KINDS = ("person", "enterprise", "address")
SUBGROUPS = ("township", "name_length", "nationality", "age_band", "enterprise_kind", "defect")
TOTAL = "all deterministic"
REGISTERS = {"person": "persons", "enterprise": "enterprises"}
EARLIER_RUNS = 12
CAUGHT_BY = re.compile(r"(?:^|, )(.+?) \(([\d,]+)\)")
"""Name and number of each catcher in a list of them."""
OF_ALL = 10_000
"""Shares are told as so many of this many."""
FEWEST_RECORDS = 100
"""A subgroup with fewer is no best and no worst one."""


@dataclass(frozen=True)
class KindFigures:
    """One kind of entity: rows of precision and recall, the best and the worst township by recall, tables by subgroup, the
    agreed shares, the thresholds of match probability (none for addresses), and the curve of what others would cost."""

    kind: str
    precision: dict[str, Any]
    recall: dict[str, Any]
    best: dict[str, Any] | None
    worst: dict[str, Any] | None
    subgroups: dict[str, list[dict[str, Any]]]
    golden: list[dict[str, Any]]
    agreed: dict[str, float]
    widest_gap: float | None
    thresholds: dict[str, float] | None
    curve: list[dict[str, Any]]

    @property
    def wrong_of_all(self) -> str:
        """Of 10,000 joined pairs, those that do not belong together."""
        return of_all(1 - self.precision["value"])

    @property
    def missed_of_all(self) -> str:
        """Of 10,000 pairs that belong together, those that are not joined."""
        return of_all(1 - self.recall["value"])

    @property
    def in_force(self) -> dict[str, Any] | None:
        """The threshold of the rules on the curve."""
        return next((row for row in self.curve if row["is_in_force"]), None)

    @property
    def cheapest(self) -> dict[str, Any] | None:
        """The threshold of least cost on the curve; of equal ones the highest."""
        return min(self.curve, key=lambda row: (row["cost"], -row["threshold"]), default=None)


@dataclass(frozen=True)
class Figures:
    """One scoring: when, of which city, by kind; defects and their total; earlier scorings, the newest first."""

    at: datetime
    city: dict[str, Any]
    kinds: list[KindFigures]
    defects: list[dict[str, Any]]
    noticed: dict[str, int]
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
    single = [d for d in defects if d["defect_id"] != TOTAL]
    noticed = {name: sum(d[name] for d in single) for name in ("injected", "caught", "missed")}
    return Figures(rows[0]["at"], city, kinds, single, noticed, total, _earlier())


def of_all(share: float) -> str:
    """A share as so many of 10,000; what is there is never told as none."""
    number = round(share * OF_ALL)
    return f"{number:,}" if number or share <= 0 else "<1"


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
        agreed={measure: least for (of, measure), least in targets().at_least.items() if of == kind},
        widest_gap=targets().gap["at_most"] if targets().gap["kind"] == kind else None,
        thresholds=_thresholds(kind),
        curve=_curve(kind),
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


def _thresholds(kind: str) -> dict[str, float] | None:
    """From which match probability on the rules link (`link`) and ask a steward (`review`)."""
    register = REGISTERS.get(kind)
    return read(FOLDER / "rules" / f"linkage-{register}.yaml")["thresholds"] if register else None


def _curve(kind: str) -> list[dict[str, Any]]:
    """What other thresholds would have cost, by the newest scoring that tells it."""
    if CURVES not in data.tables():
        return []
    newest = f'"at" = (select max("at") from {CURVES}) and kind = ?'
    return data.rows(f"select * from {CURVES} where {newest} order by threshold", [kind])


def _defects() -> list[dict[str, Any]]:
    if CATCHES not in data.tables():
        return []
    rows = data.rows(
        f'select * from {CATCHES} where "at" = (select max("at") from {CATCHES}) order by defect_id, injected desc, field'
    )
    return [row | {"by": CAUGHT_BY.findall(row["caught_by"])} for row in rows]


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
