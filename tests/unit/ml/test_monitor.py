"""When the champion is kept, watched or replaced by its fallback."""

import numpy as np
import pandas as pd
import pytest

from ml.pm25_forecast.monitor import population_stability, reference_distribution, watch

BACKTEST = {"lightgbm": {"6": 30.0}, "persistence": {"6": 40.0}}
REFERENCE = {"2": {"edges": [50.0], "shares": [0.5, 0.5]}}


def recent(model_error: float, persistence_error: float, high_share: float = 0.5, rows: int = 400) -> pd.DataFrame:
    actual = np.where(np.arange(rows) < rows * high_share, 100.0, 20.0)
    at = pd.date_range("2017-02-01", periods=rows, freq="h", tz="UTC")
    return pd.DataFrame({"horizon_hours": 6, "target_at": at, "actual": actual, "predicted": actual + model_error,
                         "persistence": actual + persistence_error})  # fmt: skip


def test_psi_by_hand():
    reference = {"edges": [50.0], "shares": [0.5, 0.5]}
    low, high = np.full(80, 10.0), np.full(20, 90.0)
    by_hand = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert population_stability(reference, np.concatenate([low, high])) == pytest.approx(by_hand)


def test_the_reference_is_kept_per_month_and_is_stable_against_itself():
    values = np.random.default_rng(4).gamma(2, 40, 2000)
    months = np.repeat([1, 7], 1000)
    reference = reference_distribution(values, months)
    assert set(reference) == {"1", "7"} and len(reference["1"]["edges"]) == 9
    assert population_stability(reference["1"], values[:1000]) == pytest.approx(0, abs=1e-3)


def test_as_good_as_in_the_backtest():
    assert watch(recent(30, 40), BACKTEST, REFERENCE).state == "ok"


def test_twenty_per_cent_worse_than_the_backtest_is_watched():
    found = watch(recent(37, 40), BACKTEST, REFERENCE)  # 0.925 of persistence against 0.75: 1.23 times
    assert found.state == "watch" and "1.23 times" in found.sentence


def test_another_distribution_is_watched():
    assert watch(recent(30, 40, high_share=0.9), BACKTEST, REFERENCE).state == "watch"


def test_worse_than_persistence_falls_back():
    assert watch(recent(41, 40, high_share=0.9), BACKTEST, REFERENCE).state == "fallback"


def test_too_few_measured_forecasts_judge_nothing():
    assert watch(recent(99, 1, rows=100), BACKTEST, REFERENCE).state == "ok"
