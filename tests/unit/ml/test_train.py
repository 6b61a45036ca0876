"""What a fold may learn from, and how its intervals come about."""

import numpy as np
import pytest

from ml.pm25_forecast.features import Examples
from ml.pm25_forecast.forecaster import Forecaster, Interval
from ml.pm25_forecast.panel import NEVER
from ml.pm25_forecast.train import Fold, calibration_rows, fit, train_fold, training_rows

FOLD = Fold("2016-05", first=10_000, end=10_700)
CUT_OFF = 10_000 - 28 * 24


def examples(origin: list[int], label_known: list[int], actual: list[float]) -> Examples:
    n = len(origin)
    rows = np.arange(n, dtype=np.int32)
    flat = np.ones(n)
    return Examples(
        np.ones((n, 1), np.float32), ("pm25_last",), rows * 0, np.array(origin, np.int32), np.array(actual),
        np.array(label_known, np.int32), flat, flat,
    )  # fmt: skip


def test_training_sees_no_label_that_became_known_after_its_cut_off():
    of = examples([CUT_OFF - 30, CUT_OFF - 30, CUT_OFF - 1, 50], [CUT_OFF, CUT_OFF + 1, CUT_OFF + 24, NEVER], [5, 5, 5, np.nan])
    assert training_rows(of, FOLD).tolist() == [True, False, False, False]


def test_calibration_lies_between_training_and_the_test_month():
    of = examples(
        [CUT_OFF - 1, CUT_OFF, FOLD.first - 30, FOLD.first - 3, FOLD.first],
        [CUT_OFF] * 3 + [FOLD.first + 1, FOLD.first],
        [5.0] * 5,
    )
    assert calibration_rows(of, FOLD).tolist() == [False, True, True, False, False]


def test_interval_edges_are_the_corrected_tails_of_the_relative_errors():
    predicted = np.full(99, 90.0)  # scale 100
    actual = predicted + np.arange(-49.0, 50.0)  # relative errors -0.49 .. 0.49
    interval = Interval.calibrated(actual, predicted)
    edge = 0.9 * (1 + 1 / 99)
    assert interval.high == pytest.approx(-0.49 + 0.98 * edge)
    lower, upper = interval.around(np.array([90.0]))
    assert lower[0] == pytest.approx(90 - upper[0] + 90) and upper[0] == pytest.approx(90 + 100 * interval.high)


def test_interval_holds_four_of_five_values_of_the_same_distribution():
    random = np.random.default_rng(5)
    predicted = random.gamma(2, 40, 40_000)
    actual = np.maximum(predicted + (predicted + 10) * random.normal(0, 0.4, predicted.size), 0)
    lower, upper = Interval.calibrated(actual[:2000], predicted[:2000]).around(predicted[2000:])
    assert ((actual[2000:] >= lower) & (actual[2000:] <= upper)).mean() == pytest.approx(0.8, abs=0.03)


def test_bounds_are_never_negative_and_hold_the_prediction():
    lower, upper = Interval(low=-5.0, high=-0.1).around(np.array([0.0, 20.0]))
    assert lower.tolist() == [0, 0] and upper.tolist() == [0, 20]


def test_a_short_calibration_window_is_refused_with_the_count():
    with pytest.raises(ValueError, match="holds 49 measured forecasts; at least 50"):
        Interval.calibrated(np.ones(49), np.ones(49))


def test_a_fold_without_a_past_is_refused():
    with pytest.raises(ValueError, match=r"2016-05: no measured hour was known"):
        fit(examples([], [], []), FOLD)


@pytest.fixture(scope="module")
def trained() -> dict[str, Forecaster]:
    random = np.random.default_rng(1)
    n = 3000
    last = random.gamma(2, 40, n)
    wind = random.normal(size=n)
    x = np.column_stack([last, wind, last * 0 + 60]).astype(np.float32)
    origin = np.sort(random.integers(CUT_OFF - 4000, FOLD.first - 2, n)).astype(np.int32)
    actual = np.maximum(last * np.exp(0.5 * wind), 1)
    of = Examples(
        x, ("pm25_last", "wind", "hour_of_week_mean"), origin * 0, origin, actual, origin + 2, last, x[:, 2].astype(float)
    )
    return train_fold({1: of}, FOLD, ("s0",))


def test_the_model_learns_and_both_baselines_stand_beside_it(trained: dict[str, Forecaster]):
    x = np.array([[100, 1.0, 60], [100, -1.0, 60]], np.float32)
    up, down = trained["lightgbm"].point(1, x)
    assert up == pytest.approx(100 * np.exp(0.5), rel=0.1) and down == pytest.approx(100 * np.exp(-0.5), rel=0.1)
    assert trained["persistence"].point(1, x).tolist() == [100, 100]
    assert trained["hour_of_week"].point(1, x).tolist() == [60, 60]


def test_training_twice_gives_the_same_trees(trained: dict[str, Forecaster], request: pytest.FixtureRequest):
    of = examples(list(range(4000, 5000)), list(range(4002, 5002)), list(np.linspace(1, 9, 1000)))
    assert fit(of, FOLD, 20).model_to_string() == fit(of, FOLD, 20).model_to_string()


def test_a_forecaster_saved_and_loaded_forecasts_the_same(trained: dict[str, Forecaster], tmp_path):
    x = np.random.default_rng(2).gamma(2, 40, (50, 3)).astype(np.float32)
    for method, forecaster in trained.items():
        loaded = Forecaster.load(forecaster.save(tmp_path / method))
        for before, after in zip(forecaster.forecast(1, x), loaded.forecast(1, x), strict=True):
            np.testing.assert_allclose(before, after, rtol=1e-12)
