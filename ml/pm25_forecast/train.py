"""Training of one fold: LightGBM on what was known at the cut-off, intervals on the four weeks that follow it.

A fold is a test month. Its calibration window are the 28 days before the month; training sees only examples whose
actual value was known (`_available_at`) before that window begins.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from ml.pm25_forecast.features import Examples
from ml.pm25_forecast.forecaster import Forecaster, Interval
from ml.pm25_forecast.method import BASELINES, CALIBRATION_HOURS, HORIZONS, METHODS, MOST_ROWS, PARAMETERS, ROUNDS


@dataclass(frozen=True)
class Fold:
    """One test month: origins `first` <= origin < `end` (columns of the panel)."""

    name: str
    first: int
    end: int

    @property
    def cut_off(self) -> int:
        return self.first - CALIBRATION_HOURS


def training_rows(examples: Examples, fold: Fold) -> np.ndarray:
    """Mask of the examples that the fold may learn from: their actual value was known at the cut-off."""
    return ~np.isnan(examples.actual) & (examples.label_known <= fold.cut_off)


def calibration_rows(examples: Examples, fold: Fold) -> np.ndarray:
    """Mask of forecasts made in the calibration window whose actual value was known when the month began."""
    known = ~np.isnan(examples.actual) & (examples.label_known <= fold.first)
    return known & (examples.origin >= fold.cut_off) & (examples.origin < fold.first)


def train_fold(examples: dict[int, Examples], fold: Fold, stations: tuple[str, ...]) -> dict[str, Forecaster]:
    """One forecaster per method (the model and both baselines), all calibrated on the same window.

    Raises ValueError if no example was known at the cut-off.
    """
    names = examples[HORIZONS[0]].names
    trained = {m: Forecaster(m, names, stations, baseline=BASELINES.get(m)) for m in METHODS}
    for horizon, of in examples.items():
        trained["lightgbm"].boosters[horizon] = fit(of.where(training_rows(of, fold)), fold)
        window = of.where(calibration_rows(of, fold))
        for forecaster in trained.values():
            forecaster.intervals[horizon] = Interval.calibrated(window.actual, forecaster.point(horizon, window.x))
    return trained


def fit(known: Examples, fold: Fold, rounds: int = ROUNDS) -> lgb.Booster:
    """A booster for the change of the square root of PM2.5 between the last known value and the target hour."""
    if not len(known):
        raise ValueError(f"Fold {fold.name}: no measured hour was known before its training cut-off; the history is too short.")
    thin = known.where(known.origin % (1 + len(known) // MOST_ROWS) == 0)
    change = np.sqrt(thin.actual) - np.sqrt(thin.persistence)
    parameters = PARAMETERS | {"min_data_in_leaf": min(PARAMETERS["min_data_in_leaf"], max(20, len(thin) // 100))}
    data = lgb.Dataset(thin.x, change, feature_name=list(thin.names), free_raw_data=True)
    return lgb.train(parameters, data, rounds)
