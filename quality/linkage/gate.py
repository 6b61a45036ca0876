"""Gate "linkage not worse than before": the newest scored run against the targets and the last accepted run.

Reads `ops.linkage_scores` only. A run is accepted when it meets the targets (`contracts/rules/linkage-targets.yaml`) and is in
no figure worse than the accepted run before it of the same city with the same deliveries; so a run that failed is no measure.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.yaml_file import read
from quality.gate_outcomes import GateOutcome
from quality.linkage import scores

CHECK = "linkage_not_worse"
ROUNDING = 1e-9
Figure = tuple[str, str]


@dataclass(frozen=True)
class Targets:
    """Lowest shares by kind and measure; widest gap between townships."""

    at_least: dict[Figure, float]
    gap: dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """One scored run: its figures (kind, measure) and what is wrong with them; accepted when nothing is."""

    run: dict[str, Any]
    figures: dict[Figure, float]
    complaints: tuple[str, ...]


@cache
def targets() -> Targets:
    given = read(FOLDER / "rules" / "linkage-targets.yaml")
    lowest = {(kind, measure): share for kind, shares in given["at_least"].items() for measure, share in shares.items()}
    return Targets(lowest, given["widest_gap"])


def judged() -> Judged | None:
    """The newest scored run, judged; None before the first."""
    accepted: dict[tuple, Judged] = {}
    newest = None
    for rows in scores.runs():
        same = tuple(rows[0][name] for name in ("city", "seed", "scale", "files"))
        newest = _judge(rows, accepted.get(same))
        if not newest.complaints:
            accepted[same] = newest
    return newest


def outcome() -> GateOutcome | None:
    """What the gate finds; None before the first scoring."""
    if (found := judged()) is None:
        return None
    told = "; ".join(f"{' '.join(figure)} {share:.4f}" for figure, share in sorted(found.figures.items()))
    limits = "; ".join(f"{' '.join(figure)} at least {share:g}" for figure, share in sorted(targets().at_least.items()))
    message = "The registers link as well as agreed, and no worse than before."
    if found.complaints:
        message = (
            f"The registers link worse than agreed ({'; '.join(found.complaints)}); mend the linkage rules, link and score again."
        )
    return GateOutcome("registers", scores.SCORES, CHECK, "expectation", "error", not found.complaints, told, limits, message)


def _judge(rows: list[dict[str, Any]], before: Judged | None) -> Judged:
    figures = _figures(rows)
    found = [_too_low(f, least, figures.get(f)) for f, least in targets().at_least.items() if figures.get(f, -1.0) < least]
    found += _gap(rows)
    found += _worse(figures, before) if before else []
    return Judged(rows[0], figures, tuple(found))


def _figures(rows: list[dict[str, Any]]) -> dict[Figure, float]:
    """The figures that targets name, and the recall of the worst township."""
    whole = {(r["kind"], r["measure"]): r["value"] for r in rows if r["subgroup_by"] is None}
    figures = {figure: whole[figure] for figure in targets().at_least if figure in whole}
    if shares := _townships(rows):
        figures[targets().gap["kind"], f"{targets().gap['measure']} of the worst township"] = min(shares.values())
    return figures


def _townships(rows: list[dict[str, Any]]) -> dict[str, float]:
    gap = targets().gap
    wanted = [r for r in rows if (r["kind"], r["measure"], r["subgroup_by"]) == (gap["kind"], gap["measure"], "township")]
    return {r["subgroup"]: r["value"] for r in wanted if r["n"] >= gap["records_at_least"]}


def _too_low(figure: Figure, least: float, share: float | None) -> str:
    found = "was not measured" if share is None else f"is {share:.4f}"
    return f"{figure[1]} of {figure[0]} records {found}, at least {least:g} is agreed"


def _gap(rows: list[dict[str, Any]]) -> list[str]:
    shares, most = _townships(rows), targets().gap["at_most"]
    if not shares or max(shares.values()) - min(shares.values()) <= most + ROUNDING:
        return []
    worst, best = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    return [f"{worst} finds {shares[worst]:.4f}, {best} {shares[best]:.4f}, more than {most:g} apart"]


def _worse(figures: dict[Figure, float], before: Judged) -> list[str]:
    day = f"{before.run['at']:%Y-%m-%d %H:%M}"
    return [
        f"{figure[1]} of {figure[0]} records is {figures.get(figure, 0.0):.4f}, it was {share:.4f} on {day}"
        for figure, share in before.figures.items()
        if figures.get(figure, 0.0) < share - ROUNDING
    ]
