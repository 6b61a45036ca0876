"""Rows from silver's hours to gold and to the serving file, with a row lost or doubled at each step."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from publishing import serving
from quality.accounts import layers
from tests.support.received import deliver
from tests.support.silver_lake import build, hours_of_gold, take_away

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
AIR, WEATHER = contracts()["environment__air_quality"], contracts()["environment__weather"]
HOURS, OBSERVATIONS = contracts()["fct_air_quality_hourly"], contracts()["agg_weather_hourly"]


@pytest.fixture
def lake(home, tmp_path):
    """Two hours of six pollutants in silver, the same hours in a gold table made by hand."""
    deliver(tmp_path, [{"at": AT, "PM2.5": 35}, {"at": AT.replace(hour=4), "PM2.5": 36}])
    build()
    tables.replace(HOURS.table, hours_of_gold())
    return home


def faults(dataset=AIR) -> list[str]:
    return [fault for passage in layers.of_dataset(dataset) for fault in passage.faults]


def test_all_passages_hold(lake):
    found = {p.check: (p.before, p.after, p.faults) for p in layers.of_dataset(AIR)}
    assert found == dict.fromkeys(("keys_unique", "hours_cover_silver", "gold_covers_hours"), (12, 12, ()))


def test_an_hour_that_gold_lacks_is_named(lake):
    tables.replace(HOURS.table, hours_of_gold().slice(1))
    assert faults() == [f"{HOURS.table} lacks 1 keys that {AIR.table}_hourly has."]


def test_an_hour_that_gold_holds_twice_is_named(lake):
    tables.append(HOURS.table, hours_of_gold().slice(3, 1))
    assert faults() == [f"{HOURS.table} holds 1 rows that {AIR.table}_hourly does not have or has once."]


def test_an_hour_without_a_reading_is_named(lake):
    take_away(AIR.table, "pollutant_code = 'co' and observed_at = '2016-05-01T03:00:00Z'")
    assert faults() == [f"{AIR.table}_hourly holds 1 rows that {AIR.table} does not have or has once."]


def test_gold_is_compared_with_the_silver_it_was_built_from(lake, tmp_path):
    version = tables.version(f"{AIR.table}_hourly")
    with outcomes.step("gold", "gold", {f"{AIR.table}_hourly": version}):
        pass
    deliver(tmp_path, [{"at": AT.replace(hour=5), "PM2.5": 1}], "later.csv")
    build()
    assert faults() == []
    with outcomes.step("gold", "gold", {f"{AIR.table}_hourly": tables.version(f"{AIR.table}_hourly")}):
        pass
    assert faults() == [f"{HOURS.table} lacks 6 keys that {AIR.table}_hourly has."]


def test_observations_are_counted_in_their_hours(home):
    seen = [
        {"station_id": "prsa-dongsi", "observed_at": AT.replace(minute=m), "_event_month": AT.date().replace(day=1)}
        for m in (0, 30)
    ]
    tables.replace(WEATHER.table, pa.Table.from_pylist(seen, arrow_schema(WEATHER)))
    hour = {"station_id": "prsa-dongsi", "hour_at": AT, "n_observations": 2}
    tables.replace(OBSERVATIONS.table, pa.Table.from_pylist([hour], arrow_schema(OBSERVATIONS)))
    assert faults(WEATHER) == []
    tables.replace(OBSERVATIONS.table, pa.Table.from_pylist([hour | {"n_observations": 1}], arrow_schema(OBSERVATIONS)))
    assert faults(WEATHER) == [f"{OBSERVATIONS.table} counts 1 observations, {WEATHER.table} holds 2."]


def test_the_serving_file_holds_every_row_of_the_version_it_names(lake):
    assert list(layers.of_serving_file()) == []
    serving.run(serving.plan())
    tables.append(HOURS.table, hours_of_gold().slice(0, 1))  # the file is behind the table, which is no mismatch
    assert [(p.before, p.after, p.faults) for p in layers.of_serving_file()] == [(12, 12, ())]
    with duckdb.connect(str(serving.link().resolve())) as connection:
        connection.execute(f"delete from {HOURS.table} where pollutant_code = 'co'")
    assert [p.faults for p in layers.of_serving_file()] == [
        (f"The serving file holds 10 rows of {HOURS.table}, version 0 has 12.",)
    ]
