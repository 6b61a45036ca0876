"""Features of an origin: only what was known then; values checked by hand on a small panel."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ml.pm25_forecast.features import FeatureBuilder
from ml.pm25_forecast.panel import NEVER, VARIABLES, Panel

START = datetime(2016, 2, 29, 16, tzinfo=UTC)  # 1 March 2016 00:00 in Beijing, a Tuesday
HOURS = 900


def panel(pm25: np.ndarray, known: np.ndarray | None = None, **others: np.ndarray) -> Panel:
    """A panel of `pm25` [stations, hours]; published one hour after the hour's end unless `known` says otherwise."""
    usual = np.broadcast_to(np.arange(pm25.shape[1]) + 2, pm25.shape)
    values = {name: np.full(pm25.shape, np.nan) for name in VARIABLES} | {"pm25": pm25} | others
    knowns = {name: np.where(np.isnan(v), NEVER, usual).astype(np.int32) for name, v in values.items()}
    if known is not None:
        knowns["pm25"] = known
    return Panel(tuple(f"s{i}" for i in range(len(pm25))), START, values, knowns)


def row(examples, origin: int, station: int = 0) -> dict[str, float]:
    at = np.flatnonzero((examples.origin == origin) & (examples.station == station))[0]
    return dict(zip(examples.names, examples.x[at].tolist(), strict=True)) | {
        "actual": examples.actual[at], "persistence": examples.persistence[at], "hour_of_week": examples.hour_of_week[at],
    }  # fmt: skip


@pytest.fixture
def counting() -> Panel:
    """One station whose PM2.5 is the number of the hour: every feature can be told by counting."""
    return panel(np.arange(HOURS, dtype=float)[None])


def test_the_last_known_hour_ended_one_publication_delay_before_the_origin(counting: Panel):
    of = row(FeatureBuilder(counting, 800, 800).examples(6), 800)
    assert of["pm25_last"] == of["persistence"] == 798  # hour 798 ended at 799 and was published at 800
    assert of["pm25_age"] == 2
    assert of["pm25_back_3h"] == 795
    assert of["pm25_mean_6h"] == np.mean([794, 795, 796, 797, 798])  # of the six hours before, five were known
    assert of["actual"] == 806
    assert of["pm25_same_hour_yesterday"] == 806 - 24


def test_hour_of_week_mean_takes_the_same_hour_of_four_weeks(counting: Panel):
    of = row(FeatureBuilder(counting, 800, 800).examples(24), 800)
    target = 824
    assert of["hour_of_week"] == np.mean([target - 168, target - 336, target - 504, target - 672])


def test_calendar_is_that_of_the_target_hour_in_local_time(counting: Panel):
    of = row(FeatureBuilder(counting, 24 * 7 + 20, 24 * 7 + 20).examples(6), 24 * 7 + 20)
    assert (of["hour"], of["weekday"]) == (2, 2)  # Tuesday 20:00 + 6 h = Wednesday 02:00


def test_a_late_value_is_unseen_until_it_arrives_and_seen_from_then_on():
    values = np.random.default_rng(3).gamma(2, 40, (2, HOURS))
    usual = np.broadcast_to(np.arange(HOURS) + 2, values.shape).astype(np.int32).copy()
    late, absent = usual.copy(), usual.copy()
    late[0, 700], absent[0, 700] = 760, NEVER
    without = values.copy()
    without[0, 700] = np.nan
    before = [FeatureBuilder(p, 700, 759).examples(1) for p in (panel(values, late), panel(without, absent))]
    np.testing.assert_array_equal(before[0].x, before[1].x)
    after = [row(FeatureBuilder(p, 760, 760).examples(1), 760) for p in (panel(values, late), panel(without, absent))]
    assert after[0]["pm25_mean_72h"] != after[1]["pm25_mean_72h"]


def test_nothing_that_became_known_after_the_origin_changes_its_features():
    random = np.random.default_rng(11)
    values = random.gamma(2, 40, (3, HOURS))
    known = (np.arange(HOURS) + random.integers(1, 60, values.shape)).astype(np.int32)
    weather = {name: random.normal(size=values.shape) for name in ("temp_c", "wind_ms", "wind_deg")}
    origin = 810
    told = panel(values, known, **weather)
    unknowable = {name: k > origin for name, k in told.known.items()}
    scrambled = {n: np.where(unknowable[n], random.normal(500, 100, v.shape), v) for n, v in told.values.items()}
    other = Panel(told.stations, told.start, scrambled, told.known)
    for horizon in (1, 24):
        first, second = (FeatureBuilder(p, origin, origin).examples(horizon) for p in (told, other))
        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_array_equal(first.hour_of_week, second.hour_of_week)


def test_weather_is_of_the_origin_and_wind_comes_from_where_it_is_said_to():
    east_wind = {"wind_ms": np.full((1, HOURS), 3.0), "wind_deg": np.full((1, HOURS), 90.0)}
    temperature = np.arange(HOURS, dtype=float)[None]
    of = row(FeatureBuilder(panel(np.ones((1, HOURS)), temp_c=temperature, **east_wind), 500, 500).examples(12), 500)
    assert of["temp_c_last"] == 498
    assert of["temp_c_change_24h"] == 24
    assert of["wind_east"] == pytest.approx(3) and of["wind_north"] == pytest.approx(0, abs=1e-6)


def test_a_station_silent_for_two_days_gets_no_row():
    values = np.ones((2, HOURS))
    values[1, 600:] = np.nan
    examples = FeatureBuilder(panel(values), 640, 660).examples(1)
    last_of_silent = examples.origin[examples.station == 1].max()
    assert last_of_silent == 599 + 48
    assert (examples.station == 0).sum() == 21


def test_city_mean_is_over_the_stations_that_report():
    values = np.array([[10.0], [30.0], [np.nan]]) * np.ones((1, HOURS))
    of = row(FeatureBuilder(panel(values), 500, 500).examples(1), 500)
    assert of["city_pm25_last"] == 20


def test_target_beyond_the_last_measurement_has_no_actual(counting: Panel):
    examples = FeatureBuilder(counting, HOURS, HOURS + 1).examples(24)
    assert np.isnan(examples.actual).all() and len(examples) == 2
