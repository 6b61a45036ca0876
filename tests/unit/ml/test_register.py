"""The registry: champions by the gate, models that load from text, a store that survives a move."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.settings import settings
from ml.pm25_forecast import register
from ml.pm25_forecast.forecaster import Forecaster, Interval

FEATURES = ("pm25_last", "hour_of_week_mean")
FACTS = {"as_of": "2017-02-28T17:00+00:00", "stations": ["s0"]}
MEASURED = {
    "mae": {m: {"6": 30.0} for m in register.NAMES},
    "coverage_80": {m: {"6": 0.8} for m in register.NAMES},
    "recall_above_75": {m: {"6": 0.7} for m in register.NAMES},
    "mae_by_station": {m: {"6": {"s0": 31.0}} for m in register.NAMES},
}
ROWS = pd.DataFrame({"pm25_last": [40.0, 90.0], "hour_of_week_mean": [60.0, 60.0], "horizon_hours": 6})


def trained() -> dict[str, Forecaster]:
    """Three forecasters; the place of the model is taken by one that needs no training."""
    intervals = {6: Interval(-0.5, 0.8)}
    columns = {"lightgbm": "pm25_last", "persistence": "pm25_last", "hour_of_week": "hour_of_week_mean"}
    return {m: Forecaster(m, FEATURES, ("s0",), intervals, baseline=c) for m, c in columns.items()}


@pytest.mark.slow
def test_a_model_without_shortfall_becomes_champion_and_loads_after_a_move(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    assert register.load_champion("lightgbm") is None
    assert register.log_training(trained(), MEASURED, FACTS, []) == dict.fromkeys(register.NAMES, "1")
    model, version = register.load_champion("hour_of_week")
    found = model.predict(ROWS)
    assert version == "1" and found.predicted.tolist() == [60, 60]
    np.testing.assert_allclose(found[["lower_80", "upper_80"]], [[60 - 0.5 * 70, 60 + 0.8 * 70]] * 2)

    shutil.move(home, tmp_path / "elsewhere")
    monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path / "elsewhere"))
    settings.cache_clear()
    assert register.load_champion("lightgbm")[0].predict(ROWS).predicted.tolist() == [40, 90]


@pytest.mark.slow
def test_a_refused_model_is_logged_with_its_reason_and_not_registered(home: Path):
    assert register.log_training(trained(), MEASURED, FACTS, ["at 6 h it is worse"]) == {"persistence": "1", "hour_of_week": "1"}
    assert register.load_champion("lightgbm") is None
    assert register.load_champion("persistence")[1] == "1"
    _, client = register.open_store()
    runs = client.search_runs([client.get_experiment_by_name(register.EXPERIMENT).experiment_id])
    tags = {r.info.run_name: r.data.tags.get("registration") for r in runs}
    assert tags["lightgbm"] == "refused: at 6 h it is worse" and tags["persistence"] == "registered"
    assert {r.data.metrics.get("mae_6h") for r in runs if r.info.run_name in register.NAMES} == {30.0}


@pytest.mark.slow
def test_a_later_training_makes_the_next_version_champion(home: Path):
    register.log_training(trained(), MEASURED, FACTS, [])
    assert register.log_training(trained(), MEASURED, FACTS, [])["lightgbm"] == "2"
    assert register.load_champion("lightgbm")[1] == "2"
    register.log_training(trained(), MEASURED, FACTS, ["worse"])
    assert register.load_champion("lightgbm")[1] == "2"
