"""The forecast stage on real readings: model, registry, card, forecasts, and what a repeated run does."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema, mask
from lakehouse.settings import CHECKOUT, settings
from ml.pm25_forecast import card, evaluate, predict
from ml.pm25_forecast.panel import eligible_stations, last_origin, read_panel
from ml.stage import FORECAST
from tests.support.forecast_lake import write_prsa

AS_OF = datetime(2017, 2, 28, 17, tzinfo=UTC)
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def forecast_home(tmp_path_factory: pytest.TempPathFactory):
    """The two sample stations (14 months), forecast once; shared by the tests of this file, which change nothing in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_DATA_HOME", str(tmp_path_factory.mktemp("forecast") / "data"))
        patch.setenv("LAKE_AS_OF", AS_OF.isoformat())
        settings.cache_clear()
        write_prsa(sorted((CHECKOUT / "samples" / "prsa").glob("*.csv.gz")))
        FORECAST.run(FORECAST.plan())
        yield settings().data_home
    settings.cache_clear()


@pytest.fixture
def forecasts(forecast_home: Path) -> pd.DataFrame:
    return tables.read(predict.TABLE).to_pandas()


@pytest.mark.slow
def test_forecasts_are_rows_of_the_contract(forecast_home: Path):
    rows, dataset = tables.read(predict.TABLE), contracts()[predict.DATASET]
    assert rows.schema.names == arrow_schema(dataset).names
    for rule in dataset.row_rules("error"):
        assert pc.all(mask(rule.predicate, rows)).as_py(), rule.description
    assert rows.group_by(list(dataset.primary_key)).aggregate([]).num_rows == rows.num_rows


@pytest.mark.slow
def test_the_newest_origin_and_the_whole_test_month_are_forecast(forecasts: pd.DataFrame):
    newest = forecasts[forecasts.origin_at == AS_OF]
    assert sorted(newest.horizon_hours) == [1, 1, 6, 6, 12, 12, 24, 24]
    assert (newest.target_at - newest.origin_at == pd.to_timedelta(newest.horizon_hours, unit="h")).all()
    assert forecasts.origin_at.min() == datetime(2017, 1, 31, 16, tzinfo=UTC)  # 1 February in Beijing
    assert set(forecasts.station_id) == {"prsa-dongsi", "prsa-aotizhongxin"}


@pytest.mark.slow
def test_two_stations_make_a_demonstration_model_that_says_so(forecasts: pd.DataFrame):
    made = card.read()
    assert forecasts.is_demo_model.all() and made["is_demo_model"]
    assert "Demonstration model" in made["summary"]
    assert made["backtest"]["folds"] == ["2017-02"]
    assert made["data"]["table_versions"]["gold.fct_air_quality_hourly"] == 0
    assert made["version"] == "1" and set(forecasts.model_version) == {"1"}


@pytest.mark.slow
def test_the_stored_forecasts_are_as_good_as_the_card_says(forecasts: pd.DataFrame):
    actual = (
        tables.read("gold.fct_air_quality_hourly")
        .to_pandas()
        .query("pollutant_code == 'pm25'")
        .set_index(["station_id", "hour_at"])
        .value
    )
    found = forecasts.join(actual.rename("actual"), on=["station_id", "target_at"]).dropna(subset="actual")
    mae = (found.actual - found.predicted).abs().groupby(found.horizon_hours).mean()
    for row in card.read()["comparison"]:
        assert mae[row["horizon_h"]] == pytest.approx(row["mae_ugm3"], rel=0.03)
        assert row["mae_ugm3"] < row["persistence_mae_ugm3"] and row["mae_ugm3"] < row["hour_of_week_mae_ugm3"]
        assert 75 <= row["coverage_of_80_pct_interval"] <= 85


@pytest.mark.slow
def test_a_second_run_has_nothing_to_do_and_a_repeated_one_adds_nothing(forecast_home: Path):
    assert FORECAST.plan() == {}
    before = tables.read(predict.TABLE)
    work = {"inputs": {}, "stations": card.read()["data"]["stations"], "newest": "2017-02-28T15:00:00+00:00", "train": None}
    FORECAST.run(work)
    assert tables.read(predict.TABLE).sort_by("_record_id").equals(before.sort_by("_record_id"))
    rows = tables.read(outcomes.TABLE, ["stage", "rows_out", "state"]).to_pylist()
    assert sorted(r["rows_out"] for r in rows if r["stage"] == "forecast") == [0, before.num_rows]


@pytest.mark.slow
def test_all_stations_of_the_reference_data_in_a_summer_and_a_winter_month(home: Path, reference_data: Path):
    """Acceptance on real data, two of the twelve test months; `lake model backtest pm25_forecast` runs all."""
    write_prsa(sorted((reference_data / "air_quality" / "prsa_beijing_2013_2017").glob("*.csv.gz")))
    stations = eligible_stations()
    panel = read_panel(stations)
    folds = evaluate.month_folds(panel, last_origin(panel, AS_OF), ZONE)
    assert [f.name for f in folds][::11] == ["2016-03", "2017-02"] and len(stations) == 12
    test = evaluate.backtest(panel, ZONE, (folds[5], folds[11]), print)
    measured = evaluate.measure(test.scores, stations)
    assert evaluate.shortfalls(measured) == []
    for horizon, of_model in measured["mae"]["lightgbm"].items():
        assert of_model <= 0.9 * min(measured["mae"][m][horizon] for m in ("persistence", "hour_of_week"))
        assert 0.75 <= measured["coverage_80"]["lightgbm"][horizon] <= 0.85
