"""KPI values worked out by hand, the run's failure in one sentence, dbt's unit tests, the documentation."""

import json
from datetime import date, timedelta

import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from tests.support import gold_lake, silver_hours
from transforms.gold import project, run

pytestmark = [pytest.mark.spark, pytest.mark.slow]

WEATHER = "silver.environment__weather"
A, B = "prsa-dongsi", "prsa-tiantan"  # both in 110101
OTHERS = {"pm10": [20.0] * 24, "so2": [5.0] * 24, "no2": [10.0] * 24, "co": [0.4] * 24, "o3": [40.0] * 24}


def rows() -> list[dict]:
    """April 2016: at A 27 days of 20 ug/m3 and 3 of 120 (PM2.5); at B 10 days of 60; one day of May beyond the table."""
    made = []
    for d in range(1, 31):
        made += silver_hours.day(A, date(2016, 4, d), OTHERS | {"pm25": [20.0 if d <= 27 else 120.0] * 24})
        if d <= 10:
            made += silver_hours.day(B, date(2016, 4, d), OTHERS | {"pm25": [60.0] * 24})
    made += silver_hours.day(A, date(2016, 5, 2), OTHERS | {"pm25": [600.0] * 24})
    return made


def weather() -> list[dict]:
    """Two observations in one hour, and two of opposite winds in the next."""
    found = []
    for hour, minute, wind_deg, temp_c in ((0, 0, 350.0, 10.0), (0, 30, 10.0, 12.0), (1, 0, 90.0, None), (1, 30, 270.0, 8.0)):
        at = silver_hours.local(2016, 4, 1, hour) + timedelta(minutes=minute)
        found.append({
            "station_id": A, "observed_at": at, "temp_c": temp_c, "wind_deg": wind_deg, "wind_ms": 2.0, "rain_mm": 0.4,
            "_data_origin": "test_vector", "_event_month": at.date().replace(day=1),
        })  # fmt: skip
    return found


@pytest.fixture(scope="module")
def lake(spark, tmp_path_factory):
    with gold_lake.lake(spark, tmp_path_factory.mktemp("kpis"), as_of="2016-05-15T00:00:00Z"):
        silver_hours.write(rows())
        tables.replace(WEATHER, silver_hours.as_rows(weather(), "environment__weather"), partition_by=["_event_month"])
        gold_lake.run_gold()
        yield {(r["kpi_id"], r["scope_id"], r["period"]): r for r in tables.read("gold.fct_kpi_values").to_pylist()}


def figures(value: dict) -> tuple:
    return tuple(value[c] for c in ("value", "numerator", "denominator", "completeness", "state"))


def test_good_air_days_of_a_month(lake):
    assert figures(lake["ENV-02", A, "2016-04"]) == (90.0, 27, 30, 1.0, "green")  # 120 ug/m3 is an AQI of 158
    assert figures(lake["ENV-02", B, "2016-04"]) == (100.0, 10, 10, 0.3333, "grey")
    # the county is the mean of its stations: 40 on ten days, 20 on 17, 120 on three
    assert figures(lake["ENV-02", "110101", "2016-04"]) == (90.0, 27, 30, 1.0, "green")
    assert lake["ENV-02", "110100", "2016-04"]["division_code"] == "110100"


def test_mean_pm25_of_a_month(lake):
    assert figures(lake["ENV-03", A, "2016-04"]) == (30.0, 900.0, 30, 1.0, "green")  # (27 x 20 + 3 x 120) / 30
    assert figures(lake["ENV-03", "110101", "2016-04"])[:3] == (37.0, 1100.0, 30)  # 36.67
    assert lake["ENV-03", "110101", "2016-04"]["state"] == "red"


def test_index_of_a_day(lake):
    assert figures(lake["ENV-01", A, "2016-04-01"]) == (29.0, 29.0, 1, 1.0, "green")  # 20 / 35 x 50 = 28.6
    assert figures(lake["ENV-01", A, "2016-04-30"])[0::4] == (158.0, "red")
    beyond = lake["ENV-01", A, "2016-05-02"]
    assert (beyond["value"], beyond["state"], beyond["rule_version"]) == (None, "red", "HJ 633-2012")


def test_a_value_is_provisional_until_its_policy_says(lake):
    assert lake["ENV-02", A, "2016-04"]["is_provisional"]  # until the 20th day after the month
    assert not lake["ENV-01", A, "2016-04-30"]["is_provisional"]
    year = lake["ENV-03", A, "2016"]
    assert (year["state"], year["completeness"]) == ("grey", 0.2296)  # 31 of the 135 days that have passed


def test_a_value_carries_its_evidence(lake):
    value = lake["ENV-02", A, "2016-04"]
    versions = json.loads(value["input_versions"])
    assert versions["silver.environment__air_quality_hourly"] == tables.version("silver.environment__air_quality_hourly")
    assert versions["reference.aqi_breakpoints"] == 0
    assert (value["kpi_version"], value["_run_id"]) == ("1.0.0", outcomes.run_id())


def test_local_hours_are_read_as_such_without_an_engine(lake):
    schema = tables.read("gold.fct_air_quality_hourly").schema
    assert schema.field("hour_local").type == pa.timestamp("us")
    assert schema.field("hour_at").type == pa.timestamp("us", "UTC")
    duck = tables.duck("gold.fct_air_quality_hourly")
    first = duck.execute("select min(hour_local)::text from gold.fct_air_quality_hourly").fetchall()
    assert first == [("2016-04-01 00:00:00",)]


def test_weather_of_an_hour(lake):
    first, second = sorted(tables.read("gold.agg_weather_hourly").to_pylist(), key=lambda r: r["hour_at"])
    assert (first["temp_c"], first["wind_deg"], first["rain_mm"], first["n_observations"]) == (11.0, 0.0, 0.8, 2)
    assert (second["temp_c"], second["wind_deg"], second["wind_ms"]) == (8.0, None, 2.0)  # opposite winds
    assert (first["date_key"], str(first["hour_local"]), first["rh_pct"]) == (20160401, "2016-04-01 00:00:00", None)


def test_unit_tests_of_the_models_pass(lake):
    results = project.build({}, select=["test_type:unit"], command="test", skip=())
    assert {r.name: r.status for r in results} == {
        "worked_daily_values_of_hj_633": "pass",
        "a_day_of_ozone_with_its_first_hours_missing": "pass",
    }


def test_documentation_is_written_without_the_internet(lake):
    page = project.generate_docs()
    assert "agg_air_quality_daily" in page.read_text("utf-8")


def test_forecasts_stand_beside_what_was_measured(lake):
    from transforms.gold import plan

    assert plan.forecasts() == {}
    at = silver_hours.hour(A, "pm25", silver_hours.local(2016, 4, 1, 10), 1.0)["hour_at"]
    one = {
        "station_id": A, "origin_at": at, "horizon_hours": 6, "target_at": silver_hours.local(2016, 4, 1, 16), "predicted": 22.5,
        "lower_80": 15.0, "upper_80": 30.0, "model_name": "pm25", "model_version": "1", "is_demo_model": True,
        "_data_origin": "test_vector",
    }  # fmt: skip
    tables.replace("silver.environment__pm25_forecasts", silver_hours.as_rows([one], "environment__pm25_forecasts"))
    run.gold_forecasts(plan.forecasts())
    (row,) = tables.read("gold.fct_pm25_forecasts").to_pylist()
    assert (row["actual"], row["predicted"], row["horizon_hours"], row["data_origin"]) == (20.0, 22.5, 6, "test_vector")
    assert plan.forecasts() == {}


def test_a_failing_test_is_named_with_its_count(lake):
    """Last in the module: two rows with one key break the grain, and the stage says so."""
    rows_now = tables.read(silver_hours.TABLE)
    tables.append(silver_hours.TABLE, rows_now.slice(0, 1), partition_by=["_event_month"])
    with pytest.raises(project.GoldError, match=r"test grain_is_unique_fct_air_quality_hourly\w+ found 1 rows that break it"):
        gold_lake.run_gold()
    last = tables.read(outcomes.TABLE).to_pandas().query("dataset == 'gold'").sort_values("started_at").iloc[-1]
    assert last.state == "failed" and "grain_is_unique_fct_air_quality_hourly" in last.error
