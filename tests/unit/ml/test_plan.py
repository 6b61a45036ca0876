"""When the stage has work, and why it trains."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from ml.pm25_forecast.method import fingerprint
from ml.pm25_forecast.panel import AIR_KNOWN, WEATHER_KNOWN, last_origin, read_panel
from ml.pm25_forecast.plan import plan, why_train
from tests.support.forecast_lake import write_air

START = datetime(2016, 1, 1, tzinfo=UTC)
NEWEST = datetime(2017, 2, 28, tzinfo=UTC)
CARD = {"method": {"fingerprint": fingerprint()}, "data": {"stations": ["a"], "until": NEWEST.isoformat()}}


@pytest.mark.parametrize(
    ("card", "stations", "age_days", "reason"),
    [
        (None, ("a",), 0, "no model yet"),
        (CARD | {"method": {"fingerprint": "other"}}, ("a",), 0, "method has changed"),
        (CARD, ("a", "b"), 0, "does not know b"),
        (CARD, ("a",), 30, "30 days of data"),
        (CARD, ("a",), 29, None),
    ],
)
def test_reasons_to_train(card: dict | None, stations: tuple, age_days: int, reason: str | None):
    found = why_train(card, stations, NEWEST + timedelta(days=age_days))
    assert found is None if reason is None else reason in found


def test_without_gold_there_is_nothing_to_do(home: Path):
    assert plan() == {}


def test_a_station_without_ninety_days_of_hours_is_not_forecast(home: Path, capsys: pytest.CaptureFixture):
    write_air({"short": {"pm25": np.ones(90 * 24 - 1)}}, START)
    assert plan() == {}
    assert "no station has 90 days" in capsys.readouterr().out


def test_a_plan_names_stations_versions_and_reason_and_is_empty_once_done(home: Path):
    write_air({"long": {"pm25": np.ones(90 * 24)}, "short": {"pm25": np.ones(24)}}, START)
    planned = plan()
    assert planned["stations"] == ["long"]
    assert planned["inputs"] == {"gold.fct_air_quality_hourly": 0, "silver.environment__air_quality_hourly": 0}
    assert planned["newest"] == "2016-03-30T23:00:00+00:00" and "no model yet" in planned["train"]
    with outcomes.step("forecast", "environment__pm25_forecasts", planned["inputs"] | {"method": fingerprint()}):
        pass
    assert plan() == {}
    tables.append("gold.fct_air_quality_hourly", tables.read("gold.fct_air_quality_hourly").slice(0, 1))
    assert plan() != {}


def test_the_panel_takes_the_time_of_knowledge_from_silver(home: Path):
    late = datetime(2016, 1, 3, 4, 20, tzinfo=UTC)
    write_air({"s": {"pm25": np.arange(48.0), "co": np.full(48, 0.4)}}, START, {("s", "pm25", 7): late})
    panel = read_panel(("s",))
    assert panel.values["pm25"][0, 7] == 7 and panel.values["co"][0, 7] == 0.4
    assert panel.known["pm25"][0, 6:9].tolist() == [8, 2 * 24 + 5, 10]  # 04:20 counts from the origin 05:00
    assert last_origin(panel, datetime(2016, 1, 3, 0, tzinfo=UTC)) == 48
    assert last_origin(panel, datetime(2016, 1, 4, tzinfo=UTC)) == 2 * 24 + 5


def test_no_value_available_yet_is_said_with_the_time(home: Path):
    write_air({"s": {"pm25": np.ones(10)}}, START)
    with pytest.raises(LookupError, match="available by 2016-01-01 01:00 UTC"):
        last_origin(read_panel(("s",)), datetime(2016, 1, 1, 1, tzinfo=UTC))


def test_the_contract_of_forecasts_names_what_they_are_made_from():
    made_from = contracts()["environment__pm25_forecasts"].made_from
    assert {f"silver.{name}" for name in made_from} == {AIR_KNOWN, WEATHER_KNOWN}
