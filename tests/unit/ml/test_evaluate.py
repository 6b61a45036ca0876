"""Folds, figures and the gate of the backtest, by hand."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ml.pm25_forecast.evaluate import measure, month_folds, shortfalls
from ml.pm25_forecast.panel import Panel

START = datetime(2015, 12, 31, 16, tzinfo=UTC)  # 1 January 2016 00:00 in Beijing


def hours(days: float) -> Panel:
    grid = np.ones((1, int(days * 24)))
    return Panel(("s0",), START, {"pm25": grid}, {"pm25": grid.astype(np.int32)})


def test_folds_are_local_calendar_months_and_need_twelve_weeks_before():
    panel = hours(31 + 29 + 31 + 30 + 31)  # January to May 2016
    folds = month_folds(panel, panel.hours, "Asia/Shanghai")
    assert [f.name for f in folds] == ["2016-04", "2016-05"]  # March would begin after 60 days, 84 are needed
    april, may = folds
    assert april.first == (31 + 29 + 31) * 24 and april.end == may.first
    assert april.cut_off == april.first - 28 * 24


def test_a_month_of_less_than_a_week_is_left_to_the_month_before():
    panel = hours(31 + 29 + 31 + 30 + 6)
    (fold,) = month_folds(panel, panel.hours, "Asia/Shanghai", 1)
    assert fold.name == "2016-04"


def test_too_short_a_history_is_refused():
    panel = hours(80)
    with pytest.raises(ValueError, match="too short for one test month"):
        month_folds(panel, panel.hours, "Asia/Shanghai")


def scores(**predicted: list[float]) -> pd.DataFrame:
    """Two hours at each of two stations; actual 100, 50 | 80, 20 ug/m3."""
    rows = pd.DataFrame({"fold": ["2016-12", "2016-12", "2016-07", "2016-07"], "station": [0, 0, 1, 1], "horizon": 6,
                         "origin": [1, 2, 1, 2], "actual": [100.0, 50, 80, 20]})  # fmt: skip
    parts = [rows.assign(method=m, predicted=p, lower=np.array(p) - 10, upper=np.array(p) + 10) for m, p in predicted.items()]
    return pd.concat(parts, ignore_index=True)


def test_figures_of_four_hours():
    found = measure(scores(lightgbm=[90, 55, 70, 40], persistence=[60, 60, 76, 20], hour_of_week=[0, 0, 0, 0]), ("a", "b"))
    assert found["mae"]["lightgbm"]["6"] == pytest.approx((10 + 5 + 10 + 20) / 4)
    assert found["mae_by_station"]["persistence"]["6"] == {"a": 25.0, "b": 2.0}
    assert found["coverage_80"]["lightgbm"]["6"] == 0.75  # the error of 20 lies outside the bounds of 10
    assert found["coverage_80_by_season"]["6"] == {"summer": 0.5, "winter": 1.0}
    assert found["recall_above_75"]["lightgbm"]["6"] == 0.5  # 100 was foreseen as 90, 80 as 70
    assert found["recall_above_75"]["persistence"]["6"] == 0.5
    assert found["rows"] == 4


def test_a_model_better_everywhere_has_no_shortfall():
    found = measure(scores(lightgbm=[100, 50, 80, 20], persistence=[90, 40, 70, 30], hour_of_week=[0, 0, 0, 0]), ("a", "b"))
    assert shortfalls(found) == []


def test_a_model_worse_at_a_horizon_or_at_one_station_is_told_so():
    worse = measure(scores(lightgbm=[50, 0, 30, 70], persistence=[90, 40, 70, 30], hour_of_week=[0, 0, 0, 0]), ("a", "b"))
    assert any(s.startswith("at 6 h its MAE of 50.0 ug/m3 is not below persistence's 10.0") for s in shortfalls(worse))
    lopsided = measure(scores(lightgbm=[100, 50, 80, 39], persistence=[60, 10, 79, 20], hour_of_week=[0, 0, 0, 0]), ("a", "b"))
    assert shortfalls(lopsided) == ["at 6 h b is worse than persistence (9.5 against 0.5 ug/m3)"]


def test_an_equal_model_is_not_better():
    same = [90.0, 40, 70, 30]
    assert len(shortfalls(measure(scores(lightgbm=same, persistence=same, hour_of_week=[0] * 4), ("a", "b")))) == 1
