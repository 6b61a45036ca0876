"""A scoring as a table on the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from sample_city.scoring.score import Scored

MEASURES = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "across_sources_precision", "across_sources_recall",
            "coverage", "id_churn")  # fmt: skip

NARROWEST = 140
NAMES_SHOWN = 2
"""What caught a defect, most first; the table of the lake has all."""


def show(scored: Scored) -> None:
    """Figures of the whole city by kind, the worst township, golden records, then defects."""
    console = Console()
    console.width = max(console.width, NARROWEST)
    for table in (_linkage(scored.scores), _golden(scored.scores), _defects(scored.catches)):
        if table.row_count:
            console.print(table)


def _linkage(rows: list[dict[str, Any]]) -> Table:
    table = _table(
        "Linkage of a synthetic city against its truth", "kind", "measure", "share", "95 % interval", "records", "worst township"
    )
    whole = [r for r in rows if r.get("subgroup_by") is None and r["measure"] in MEASURES]
    for row in whole:
        bounds = f"{row['low']:.4f} to {row['high']:.4f}" if row.get("low") is not None else ""
        table.add_row(row["kind"], row["measure"], f"{row['value']:.5f}", bounds, f"{row['n']:,}", _worst(rows, row))
    return table


def _worst(rows: list[dict[str, Any]], of: dict[str, Any]) -> str:
    same = [r for r in rows if r.get("subgroup_by") == "township" and (r["kind"], r["measure"]) == (of["kind"], of["measure"])]
    worst = min(same, key=lambda r: r["value"], default=None)
    return f"{worst['subgroup']} {worst['value']:.4f}" if worst else ""


def _golden(rows: list[dict[str, Any]]) -> Table:
    table = _table("Golden records", "kind", "attribute", "true", "of", "filled", "of")
    for accuracy, filled in _pairs(rows):
        shares = (accuracy["value"], accuracy["n"], filled["value"], filled["n"])
        table.add_row(
            accuracy["kind"], accuracy["attribute"], *(f"{s:.4f}" if isinstance(s, float) else f"{s:,}" for s in shares)
        )
    return table


def _pairs(rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    filled = {(r["kind"], r["attribute"]): r for r in rows if r["measure"] == "survivorship_filled"}
    yield from ((r, filled[r["kind"], r["attribute"]]) for r in rows if r["measure"] == "survivorship_accuracy")


def _defects(catches: list[dict[str, Any]]) -> Table:
    table = _table("Injected defects", "defect", "field", "by", "injected", "caught", "missed", "false alarms", "caught by")
    for row in catches:
        numbers = (f"{row[name]:,}" for name in ("injected", "caught", "missed", "false_alarms"))
        caught_by = row["caught_by"].split("), ")
        told = "), ".join(caught_by[:NAMES_SHOWN]) + (") ..." if len(caught_by) > NAMES_SHOWN else "")
        table.add_row(row["defect_id"], row["field"], row["expected"], *numbers, told)
    if catches:
        table.caption = f"False alarms: of {catches[0]['clean_rows']:,} rows without any defect, those on which the check fired."
    return table


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for head in heads:
        table.add_column(head)
    return table
