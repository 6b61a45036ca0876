"""Sums, growth and targets of the stages; expected figures by hand."""

from pathlib import Path

import pytest

from benchmarks.measure import Run
from benchmarks.registers import claims_of, commands, growth, way


def stages(names, **others: Run) -> dict[str, Run]:
    return dict.fromkeys(names, Run(60.0, 90.0, 1000.0)) | others


@pytest.fixture
def names(tmp_path) -> list[str]:
    return list(commands(0.1, tmp_path))


def test_the_way_leaves_out_what_is_not_the_lakes_work(names):
    measured = stages(names, **{"build the city": Run(1e6, 1e6, 1e6), "score": Run(1e6, 1e6, 1e6), "run gold": Run(10, 20, 3000)})
    assert way(measured) == Run(7 * 60 + 10, 7 * 90 + 20, 3000)


def test_targets_belong_to_their_scale(names):
    small, whole, other = (claims_of(scale, stages(names)) for scale in (0.1, 1.0, 0.01))
    assert [(c.value, c.limit, c.is_met) for c in small] == [(8.0, 12, True)]
    assert [(c.value, c.limit, c.is_met) for c in whole] == [(8.0, 60, True), (1.0, 12, True)]
    assert other == []
    assert not claims_of(0.1, stages(names, deliver=Run(301, 1, 1)))[0].is_met


def test_growth_is_over_the_smaller_scale():
    assert growth(Run(30, 50, 900), Run(10, 20, 600)) == ("3.0", "2.5", "1.5")
    assert growth(Run(30, 50, 900), None) == ("", "", "")


def test_the_truth_is_beside_the_lake_and_asked_for_by_the_score_alone():
    naming = [name for name, words in commands(0.1, Path("city")).items() if any("truth" in word for word in words)]
    assert naming == ["score"]
