"""Figures of two scorings, written out, for tests of pages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from quality.linkage import scores
from quality.linkage.scores import Run

AT = datetime(2026, 3, 16, 6, tzinfo=UTC)
RUN = Run("r1", AT, "seed2014 from 2014-12-01 to 2014-12-31, defects default", 7, 0.1, 105)


def row(kind, measure, value, by=None, group=None, n=5000, attribute=None) -> dict:
    return {"kind": kind, "measure": measure, "value": value, "low": value - 0.001, "high": value, "n": n, "subgroup_by": by,
            "subgroup": group, "attribute": attribute, "table_versions": "{}"}  # fmt: skip


FIGURES = [
    row("person", "precision", 0.9995), row("person", "recall", 0.9877),
    row("person", "precision", 0.9999, "township", "桐君街道"), row("person", "recall", 0.991, "township", "桐君街道"),
    row("person", "precision", 0.9991, "township", "莪山畲族乡"), row("person", "recall", 0.975, "township", "莪山畲族乡"),
    row("person", "recall", 0.5, "township", "tiny", n=7), row("person", "recall", 0.98, "nationality", "han"),
    row("person", "survivorship_accuracy", 0.9983, attribute="birth_date"),
    row("address", "precision", 0.9999999), row("address", "recall", 1.0),
]  # fmt: skip
CATCHES = [
    {"defect_id": "D06", "field": "citizen_no", "injected": 400, "caught": 399, "missed": 1,
     "caught_by": "citizen_no_valid (399)", "false_alarms": 0, "clean_rows": 20000},
    {"defect_id": "D11", "field": "address_text", "injected": 300, "caught": 200, "missed": 100,
     "caught_by": "usual_address (190), known by its content (10)", "false_alarms": 0, "clean_rows": 20000},
    {"defect_id": "all deterministic", "field": "", "injected": 1000, "caught": 996, "missed": 4, "caught_by": "",
     "false_alarms": 3, "clean_rows": 20000},
]  # fmt: skip

COSTS = {"kind": "person", "false_link_cost": 10.0, "missed_link_cost": 1.0}
CURVE = [
    COSTS | {"threshold": t, "precision": 0.9996, "recall": 0.98, "false_links": f, "missed_links": m, "cost": 10.0 * f + m,
             "is_in_force": t == 0.99}
    for t, f, m in ((0.9, 9, 240), (0.99, 7, 261), (0.9919, 5, 261))
]  # fmt: skip


def write() -> None:
    """Yesterday's scoring, then that of today with subgroups and defects."""
    before = [row("person", "precision", 0.9), row("person", "recall", 0.8)]
    scores.write(replace(RUN, run_id="r0", at=AT - timedelta(days=1)), before, [])
    scores.write(RUN, FIGURES, CATCHES, CURVE)
