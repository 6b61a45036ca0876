"""Every step leaves one row, also the one that failed; the next plan starts from the last good one."""

import pytest

from lakehouse import outcomes, tables


def written() -> list[dict]:
    return sorted(tables.read(outcomes.TABLE).to_pylist(), key=lambda r: r["started_at"])


def test_a_step_writes_its_figures_inputs_and_seconds(home):
    with outcomes.step("silver", "environment__weather", {"bronze.x": 3}) as step:
        step.rows_in, step.accepted, step.duplicate, step.quarantined, step.dead_letter, step.rows_out = (
            10,
            6,
            2,
            1,
            1,
            6,
        )
        step.detail["slices"] = 2
    (row,) = written()
    counts = {k: row[k] for k in ("rows_in", "accepted", "duplicate", "quarantined", "dead_letter", "rows_out")}
    assert counts == {
        "rows_in": 10,
        "accepted": 6,
        "duplicate": 2,
        "quarantined": 1,
        "dead_letter": 1,
        "rows_out": 6,
    }
    assert (row["stage"], row["dataset"], row["state"], row["error"]) == (
        "silver",
        "environment__weather",
        "ok",
        None,
    )
    assert (row["inputs"], row["detail"]) == ('{"bronze.x": 3}', '{"slices": 2}')
    assert row["run_id"] == outcomes.run_id() and 0 <= row["seconds"] < 60


@pytest.mark.parametrize("error", [ValueError("row 7 is torn"), KeyboardInterrupt("stopped")])
def test_a_failed_step_is_written_and_its_error_goes_on(home, error):
    with pytest.raises(type(error)), outcomes.step("gold", "dim_stations") as step:
        step.rows_in = 3
        raise error
    (row,) = written()
    assert (row["state"], row["rows_in"], row["rows_out"]) == ("failed", 3, None)
    assert row["error"] == f"{type(error).__name__}: {error}"


def test_last_inputs_are_those_of_the_newest_good_step_of_that_dataset(home):
    assert outcomes.last_inputs("silver", "a") is None
    for dataset, inputs in (("a", {"v": 1}), ("a", {"v": 2}), ("b", {"v": 3})):
        with outcomes.step("silver", dataset, inputs):
            pass
    with pytest.raises(OSError), outcomes.step("silver", "a", {"v": 4}):
        raise OSError("disk full")
    assert outcomes.last_inputs("silver", "a") == {"v": 2}
    assert outcomes.last_inputs("silver", "b") == {"v": 3} and outcomes.last_inputs("gold", "a") is None
