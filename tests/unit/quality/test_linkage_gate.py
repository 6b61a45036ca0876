"""The gate on measured linkage: targets, the gap between townships, and no fall behind the last accepted run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse import tables
from quality import gate_outcomes, gates
from quality.linkage import gate, scores
from quality.linkage.scores import Run

FIRST = datetime(2026, 3, 16, 6, tzinfo=UTC)
GOOD = {
    ("person", "precision"): 0.9995, ("person", "recall"): 0.9900,
    ("enterprise", "precision"): 1.0, ("enterprise", "recall"): 0.9950,
    ("address", "precision"): 0.9950, ("address", "recall"): 0.9700,
}  # fmt: skip
EVEN = {"A": (0.99, 900), "B": (0.985, 900)}
CITY = Run("r", FIRST, "seed2014 to 2014-12-31, 30 days, defects default", 7, 0.1, 110)


def score(hour: int = 0, run: Run = CITY, townships: dict[str, tuple[float, int]] = EVEN, **changed: float) -> None:
    """One scored run, `hour` hours after the first. `changed`: figures by `<kind>_<measure>`; None leaves one out."""
    figures = {f: changed.get("_".join(f), share) for f, share in GOOD.items()}
    rows = [row(*figure, None, None, share, 5000) for figure, share in figures.items() if share is not None]
    rows += [row("person", "recall", "township", name, *found) for name, found in townships.items()]
    scores.write(replace(run, run_id=f"r{hour}", at=FIRST + timedelta(hours=hour)), rows, [])


def row(kind, measure, by, subgroup, value, n) -> dict:
    return {"kind": kind, "measure": measure, "subgroup_by": by, "subgroup": subgroup, "value": value, "n": n,
            "rule_version": "linkage-persons-1", "table_versions": "{}"}  # fmt: skip


def test_nothing_is_judged_before_the_first_scoring(home):
    assert gate.outcome() is None


def test_a_run_that_meets_the_targets_is_accepted(home):
    score()
    found = gate.outcome()
    assert found.passed and "person precision 0.9995" in found.observed and "address recall at least 0.95" in found.expected


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"person_precision": 0.9989}, "precision of person records is 0.9989, at least 0.999 is agreed"),
        ({"enterprise_recall": 0.9899}, "recall of enterprise records is 0.9899, at least 0.99 is agreed"),
        ({"address_recall": None}, "recall of address records was not measured, at least 0.95 is agreed"),
    ],
)
def test_a_figure_below_its_target_fails_in_a_sentence(home, changed, sentence):
    score(**changed)
    found = gate.outcome()
    assert found.stops and sentence in found.message


def test_townships_far_apart_fail_and_small_ones_do_not_count(home):
    score(townships={"A": (0.999, 900), "B": (0.978, 900), "C": (0.5, 499)})
    assert "B finds 0.9780, A 0.9990, more than 0.02 apart" in gate.outcome().message
    score(1, townships={"A": (0.999, 900), "B": (0.979, 900), "C": (0.5, 499)})
    assert gate.outcome().passed


def test_a_worse_run_fails_though_it_meets_the_targets(home):
    score()
    score(1, person_recall=0.9899)
    assert "recall of person records is 0.9899, it was 0.9900 on 2026-03-16 06:00" in gate.outcome().message
    score(2, townships={"A": (0.99, 900), "B": (0.984, 900)})
    assert "recall of the worst township of person records is 0.9840, it was 0.9850" in gate.outcome().message


def test_a_failed_run_is_no_measure_for_the_next_and_a_better_one_is(home):
    score()
    score(1, person_precision=0.99, person_recall=0.9999)
    score(2)
    assert gate.outcome().passed
    score(3, person_recall=0.992)
    score(4)
    assert "recall of person records is 0.9900, it was 0.9920 on 2026-03-16 09:00" in gate.outcome().message


@pytest.mark.parametrize("other", [{"seed": 8}, {"scale": 0.01}, {"city": "now2026"}, {"files": 111}])
def test_another_city_or_more_deliveries_are_not_compared(home, other):
    score(person_recall=0.999)
    score(1, replace(CITY, **other))
    assert gate.outcome().passed


def test_the_stage_stops_for_a_worse_linkage_and_is_planned_again_after_a_new_scoring(home):
    tables.replace("bronze.anything", scores.SCORE_SCHEMA.empty_table().select(["city"]))
    score()
    work = {"step": "gates", "inputs": {"tables": {}}, "datasets": [], "books": True, "as_of": FIRST.isoformat()}
    gates.run(work)
    score(1, enterprise_precision=0.5)
    with pytest.raises(RuntimeError, match=r"precision of enterprise records is 0\.5000"):
        gates.run(work)
    kept = [r["passed"] for r in tables.read(gate_outcomes.TABLE).to_pylist() if r["check"] == gate.CHECK]
    assert sorted(kept) == [False, True]
    assert gates._books()[scores.SCORES] == 1
