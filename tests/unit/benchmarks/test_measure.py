"""Arithmetic of the measures; expected figures by hand."""

import sys

import pytest

from benchmarks.measure import Claim, Run, Timing, command, here, ratio, show

RUNS = (Run(9.0, 12.0, 500.0), Run(4.0, 6.0, 700.0), Run(2.0, 8.0, 900.0), Run(3.0, 7.0, 100.0))


def test_the_steady_figures_are_medians_of_the_warm_runs():
    assert Timing(RUNS[0], RUNS[1:]).steady == Run(3.0, 7.0, 700.0)
    assert Timing(RUNS[0], RUNS[1:]).peak_mb == 900.0


def test_without_a_warm_run_the_cold_one_counts():
    assert Timing(RUNS[0]).steady == RUNS[0]


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "met"),
    [(0.9, 0.9, False, True), (0.91, 0.9, False, False), (6.0, 6.0, True, True), (5.99, 6.0, True, False)],
)
def test_a_claim_is_met_up_to_its_limit(value, limit, at_least, met):
    claim = Claim("ours / peer", value, limit, at_least)
    assert claim.is_met is met
    assert claim.line().endswith("met" if met else "MISSED")


def test_a_ratio_is_that_of_the_steady_times():
    timings = {"ours": Timing(RUNS[0], RUNS[1:]), "peer": Timing(Run(6.0, 14.0, 0.0))}
    assert ratio(timings, "ours", "peer", 0.9) == Claim("ours / peer", 0.5, 0.9, False, 0.5)
    assert ratio(timings, "peer", "ours", 6, at_least=True).line() == (
        "peer / ours: 2.00; of processor time 2.00 (target >= 6) MISSED"
    )


def test_one_missed_claim_is_a_miss_of_all(capsys):
    assert show("nothing", {}, [Claim("a", 1, 2)])
    assert not show("nothing", {}, [Claim("a", 1, 2), Claim("b", 3, 2)])
    assert "b: 3.00 (target <= 2) MISSED" in capsys.readouterr().out


def test_processor_time_is_that_of_the_work_and_not_of_what_came_before():
    def work() -> int:
        return sum(range(3_000_000))

    work()
    run, result = here(work)
    assert result == 4_499_998_500_000
    assert 0 < run.cpu_s <= run.wall_s + 0.5


def test_a_command_that_fails_is_an_error_with_its_last_words():
    with pytest.raises(RuntimeError, match="ended with 3: no such thing"):
        command([sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"], {})
