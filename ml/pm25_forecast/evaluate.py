"""Rolling-origin backtest: monthly folds, each forecast by a model that knew nothing of its month, beside two baselines."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from lakehouse import progress
from ml.pm25_forecast.features import Examples, FeatureBuilder
from ml.pm25_forecast.forecaster import Forecaster
from ml.pm25_forecast.method import BASELINES, CALIBRATION_HOURS, HIGH_UGM3, HORIZONS
from ml.pm25_forecast.panel import Panel
from ml.pm25_forecast.train import Fold, train_fold

FOLDS = 12
SHORTEST_HISTORY = 8 * 7 * 24  # hours before a cut-off, so that the hour-of-week mean and a season's turn are in it
SMALLEST_FOLD = 7 * 24
WORSE_AT_A_STATION = 1.02
SEASONS = {12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring", 6: "summer", 7: "summer",
           8: "summer", 9: "autumn", 10: "autumn", 11: "autumn"}  # fmt: skip


@dataclass(frozen=True)
class Backtest:
    """`scores`: one row per fold, station, horizon, origin and method with actual, predicted, lower, upper (ug/m3);
    `last`: the forecasters of the newest fold; `folds` in time order."""

    scores: pd.DataFrame
    last: dict[str, Forecaster]
    folds: tuple[Fold, ...]


def month_folds(panel: Panel, end: int, zone: str, count: int = FOLDS) -> tuple[Fold, ...]:
    """The newest `count` calendar months (business zone) before column `end` with enough history before and a week inside.

    Raises ValueError if not even one month qualifies.
    """
    local = panel.hour_at(end).astimezone(ZoneInfo(zone))
    folds: list[Fold] = []
    month = datetime(local.year, local.month, 1, tzinfo=ZoneInfo(zone))
    while len(folds) < count and (first := panel.index(month)) - CALIBRATION_HOURS >= SHORTEST_HISTORY:
        if end - first >= SMALLEST_FOLD:
            folds.append(Fold(f"{month:%Y-%m}", first, end))
        end, month = first, (month - timedelta(days=1)).replace(day=1)
    if not folds:
        raise ValueError(f"The history of {panel.hours:,} hours is too short for one test month: about 14 weeks are needed.")
    return tuple(reversed(folds))


def backtest(panel: Panel, zone: str, folds: tuple[Fold, ...], tell: Callable[[str], None] = print) -> Backtest:
    """Train, calibrate and score every fold; the baselines are scored on the very same rows as the model."""
    builder = FeatureBuilder(panel, 0, folds[-1].end, zone)
    examples = {h: builder.examples(h) for h in HORIZONS}
    scores, trained = [], {}
    for number, fold in enumerate(folds, 1):
        progress.doing(f"backtest, month {fold.name}, {number} of {len(folds)}")
        trained = train_fold(examples, fold, panel.stations)
        scores.append(score_fold(examples, fold, trained))
        model = scores[-1][scores[-1].method == "lightgbm"]
        errors = (model.actual - model.predicted).abs().groupby(model.horizon).mean()
        tell(f"fold {fold.name}: MAE " + ", ".join(f"{h} h {e:.1f}" for h, e in errors.items()))
    return Backtest(pd.concat(scores, ignore_index=True), trained, folds)


def score_fold(examples: dict[int, Examples], fold: Fold, trained: dict[str, Forecaster]) -> pd.DataFrame:
    """Forecasts of the fold's month by every method, where the actual value and both baselines exist."""
    parts = []
    for horizon, of in examples.items():
        inside = (of.origin >= fold.first) & (of.origin < fold.end) & ~np.isnan(of.actual) & ~np.isnan(of.hour_of_week)
        rows = of.where(inside)
        for method, forecaster in trained.items():
            predicted, lower, upper = forecaster.forecast(horizon, rows.x)
            parts.append(pd.DataFrame({
                "fold": fold.name, "station": rows.station, "horizon": horizon, "origin": rows.origin, "method": method,
                "actual": rows.actual, "predicted": predicted, "lower": lower, "upper": upper,
            }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def measure(scores: pd.DataFrame, stations: tuple[str, ...]) -> dict:
    """The figures of a backtest, JSON-ready: MAE (ug/m3) per horizon, per station, per season; coverage; recall of high hours."""
    scores = scores.assign(
        error=(scores.actual - scores.predicted).abs(),
        covered=(scores.actual >= scores.lower) & (scores.actual <= scores.upper),
        season=scores.fold.str[5:].astype(int).map(SEASONS),
        station=np.array(stations)[scores.station],
    )
    model = scores[scores.method == "lightgbm"]
    high = scores[scores.actual > HIGH_UGM3]
    return {
        "rows": len(model),
        "mae": _table(scores, ["method", "horizon"], "error"),
        "mae_by_station": _table(scores, ["method", "horizon", "station"], "error"),
        "mae_by_season": _table(scores, ["method", "horizon", "season"], "error"),
        "coverage_80": _table(scores, ["method", "horizon"], "covered"),
        "coverage_80_by_season": _table(model, ["horizon", "season"], "covered"),
        "recall_above_75": _table(high.assign(found=high.predicted > HIGH_UGM3), ["method", "horizon"], "found"),
        "interval_width": _table(model.assign(width=model.upper - model.lower), ["horizon"], "width"),
    }


def _table(frame: pd.DataFrame, by: list[str], column: str) -> dict:
    """Means as nested dictionaries in the order of `by`, keys as text."""
    out: dict = {}
    for keys, value in frame.groupby(by)[column].mean().items():
        *path, last = [str(k) for k in (keys if isinstance(keys, tuple) else (keys,))]
        place = out
        for key in path:
            place = place.setdefault(key, {})
        place[last] = round(float(value), 4)
    return out


def shortfalls(measured: dict) -> list[str]:
    """Why the model may not be registered, a sentence each; empty = it beats both baselines at every horizon."""
    mae, found = measured["mae"], []
    for baseline in BASELINES:
        for horizon, of_model in mae["lightgbm"].items():
            if of_model >= (other := mae[baseline][horizon]):
                found.append(f"at {horizon} h its MAE of {of_model:.1f} ug/m3 is not below {baseline}'s {other:.1f}")
            for station, value in measured["mae_by_station"]["lightgbm"][horizon].items():
                limit = measured["mae_by_station"][baseline][horizon][station]
                if value > limit * WORSE_AT_A_STATION:
                    found.append(f"at {horizon} h {station} is worse than {baseline} ({value:.1f} against {limit:.1f} ug/m3)")
    return found
