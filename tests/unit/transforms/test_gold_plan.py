"""The plan of gold: nothing without silver, everything at first, then only the months that changed."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from tests.support import silver_hours
from transforms.gold import plan

STATION = "prsa-dongsi"


@pytest.fixture
def clock(home, monkeypatch):
    def at(moment: str) -> None:
        monkeypatch.setenv("LAKE_AS_OF", moment)
        settings.cache_clear()

    at("2026-11-01T00:00:00Z")
    return at


def hours(month: int, value: float = 30.0) -> list[dict]:
    first = datetime(2016, month, 10, tzinfo=UTC)
    return [silver_hours.hour(STATION, "pm25", first + timedelta(hours=h), value) for h in range(3)]


def build(work: dict, provisional_month: str | None = None) -> None:
    """Leave behind what a good run leaves: gold tables and the outcome with the plan's inputs."""
    for name in plan.expected(plan.available()):
        rows = {"event_month": [datetime(2016, 3, 1).date()], "is_provisional": [provisional_month is not None]}
        tables.replace(f"gold.{name}", pa.table(rows))
    with outcomes.step("gold", "gold", work["inputs"]):
        pass


def test_nothing_to_do_before_the_first_hour(clock):
    assert plan.gold() == {} and plan.forecasts() == {}


def test_everything_at_first_then_nothing(clock):
    silver_hours.write(hours(3))
    work = plan.gold()
    assert work["months"] is None
    assert {"tag:forecast", "agg_weather_hourly", "agg_noise_daily"} <= set(work["exclude"])
    assert "fct_air_quality_hourly" not in work["exclude"]
    build(work)
    assert plan.gold() == {}


def test_only_months_whose_files_changed(clock):
    silver_hours.write(hours(3) + hours(4))
    build(plan.gold())
    tables.append(silver_hours.TABLE, silver_hours.as_arrow(hours(6)), partition_by=["_event_month"])
    assert plan.gold()["months"] == ["2016-06-01"]


GRIDS, HOURLY, OF_GRIDS = "silver.entity__governance_grids", "fct_air_quality_hourly", "dim_governance_grids"


def test_only_models_that_rest_on_a_table_that_changed(clock):
    """A model is also one in between, as tests are attached to these, too."""
    silver_hours.write(hours(3))
    tables.replace(GRIDS, pa.table({"grid_code": ["1"]}))
    assert plan.gold()["select"] == []  # everything
    build(plan.gold())
    tables.append(silver_hours.TABLE, silver_hours.as_arrow(hours(6)), partition_by=["_event_month"])
    chosen = set(plan.gold()["select"])
    assert {HOURLY, "agg_air_quality_daily", "fct_kpi_values", "int_air_quality__hours"} <= chosen and OF_GRIDS not in chosen
    build(plan.gold())
    tables.replace(GRIDS, pa.table({"grid_code": ["2"]}))
    work = plan.gold()
    assert OF_GRIDS in work["select"] and HOURLY not in work["select"] and work["months"] == []


def test_the_clock_concerns_models_of_slices_and_another_profile_all(clock, monkeypatch):
    clock("2016-03-11T00:00:00Z")
    silver_hours.write(hours(3))
    tables.replace(GRIDS, pa.table({"grid_code": ["1"]}))
    build(plan.gold())
    clock("2016-03-12T20:00:00Z")
    chosen = plan.gold()["select"]
    assert HOURLY in chosen and OF_GRIDS not in chosen
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    assert plan.gold()["select"] == [] and plan.gold()["months"] is None


def test_a_month_that_lost_its_rows_is_rebuilt(clock):
    silver_hours.write(hours(3) + hours(4))
    build(plan.gold())
    tables.open_table(silver_hours.TABLE).delete("_event_month = '2016-04-01'")
    assert plan.gold()["months"] == ["2016-04-01"]


def test_months_with_provisional_rows_come_again_when_the_clock_moves(clock):
    clock("2016-03-11T00:00:00Z")
    silver_hours.write(hours(3))
    build(plan.gold(), provisional_month="2016-03-01")
    assert plan.gold() == {}
    clock("2016-03-12T20:00:00Z")
    assert plan.gold()["months"] == ["2016-03-01"]


def test_a_clock_beyond_the_last_final_value_changes_nothing(clock):
    silver_hours.write(hours(3))
    build(plan.gold())
    clock("2030-01-01T00:00:00Z")
    assert plan.gold() == {}


def test_a_changed_definition_rebuilds_everything(clock, monkeypatch):
    silver_hours.write(hours(3))
    build(plan.gold())
    monkeypatch.setattr(plan, "definitions", lambda: "another")
    assert plan.gold()["months"] is None


def test_a_version_that_is_no_longer_known_rebuilds_everything(clock):
    silver_hours.write(hours(3))
    work = plan.gold()
    build(work | {"inputs": work["inputs"] | {silver_hours.TABLE: 99}})
    assert plan.gold()["months"] is None


def test_a_missing_gold_table_rebuilds_everything(clock):
    silver_hours.write(hours(3))
    build(plan.gold())
    (tables.location("gold.dim_date") / "_delta_log").rename(tables.location("gold.dim_date") / "gone")
    assert plan.gold()["months"] is None


def test_forecasts_wait_for_a_model_and_run_once(clock):
    silver_hours.write(hours(3))
    build(plan.gold())
    tables.replace("silver.environment__pm25_forecasts", pa.table({"station_id": [STATION]}))
    work = plan.forecasts()
    assert work["inputs"]["silver.environment__pm25_forecasts"] == 0
    tables.replace("gold.fct_pm25_forecasts", pa.table({"station_id": [STATION]}))
    with outcomes.step("gold_forecasts", "gold_forecasts", work["inputs"]):
        pass
    assert plan.forecasts() == {}


def test_forecasts_that_came_do_not_make_gold_due_again(clock):
    silver_hours.write(hours(3))
    build(plan.gold())
    tables.append(plan.FORECASTS, pa.table({"station_id": [STATION], "_event_month": [datetime(2016, 3, 1).date()]}))
    assert plan.gold() == {}
