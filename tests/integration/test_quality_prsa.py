"""The books and the flags of the whole PRSA set: 420,768 received rows of 12 stations, four years, two datasets."""

import duckdb
import pytest

from lakehouse import pipeline, tables
from lakehouse.session import register_tables
from lakehouse.settings import settings
from quality import scorecards
from quality.accounts.ledger import total
from quality.reconcile import reconcile
from tests.support import gold_lake
from tests.support.received import PRSA

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROWS = 420_768
# Missing values per column as published with the set (reference data, README, "Missing").
MISSING = {"pm25": 8_739, "pm10": 6_449, "so2": 9_021, "no2": 12_116, "co": 20_701, "o3": 13_277}
MISSING_WEATHER = {"temp_c": 398, "press_hpa": 393, "dew_point_c": 403, "rain_mm": 390, "wind_deg": 1_822, "wind_ms": 318}
PM25_ABOVE_PM10 = 21_312
AIR, WEATHER = "environment__air_quality", "environment__weather"


@pytest.fixture(scope="module")
def files(reference_data):
    return sorted((reference_data / "air_quality" / "prsa_beijing_2013_2017").glob("PRSA_Data_*.csv.gz"))


@pytest.fixture(scope="module")
def lake(spark, files, tmp_path_factory):
    from ingestion.batch.answers import answer

    folder = tmp_path_factory.mktemp("prsa")
    with pytest.MonkeyPatch.context() as patch, gold_lake.lake(spark, folder, as_of="2017-02-28T18:00:00Z"):
        patch.setenv("LAKE_SECRETS_HOME", str(folder / "secrets"))
        settings.cache_clear()
        register_tables(spark)
        for file in files:
            answer(file, PRSA)
        pipeline.run(("silver",))
        yield folder


def ask(query: str, *names: str) -> list[tuple]:
    with tables.duck(*names) as connection:
        return connection.execute(query).fetchall()


def test_missing_values_per_pollutant_are_those_published(lake):
    counted = ask(
        f"select pollutant_code, count(*) from silver.{AIR} where value is null and flag = 'missing' group by 1", f"silver.{AIR}"
    )
    assert dict(counted) == MISSING
    assert ask(f"select count(*) from silver.{AIR} where value is null or flag <> 'ok'", f"silver.{AIR}") == [
        (sum(MISSING.values()),)
    ]


def test_missing_values_of_the_weather_are_those_published(lake):
    nulls = ", ".join(f"count(*) filter ({column} is null)" for column in MISSING_WEATHER)
    assert ask(f"select {nulls} from silver.{WEATHER}", f"silver.{WEATHER}") == [tuple(MISSING_WEATHER.values())]


def test_pm25_above_pm10_and_the_cap_are_flagged_and_not_dropped(lake, files):
    """The instrument's cap is counted in the delivered files themselves."""
    counted = ", ".join(
        f"count(*) filter (list_contains(w, '{rule}'))" for rule in ("pm25_not_above_pm10", "pm25_below_instrument_cap")
    )
    rows = f"select pollutant_code, string_split(_warnings, ',') as w from silver.{AIR} where _warnings is not null"
    flagged = f"select pollutant_code, {counted} from ({rows}) group by 1 order by 1"
    with duckdb.connect() as raw:
        delivered = f"read_csv({[str(f) for f in files]!r}, nullstr = 'NA')"
        raw.execute(f"create view delivered as from {delivered}")
        capped, above = raw.execute(
            'select count(*) filter ("PM2.5" >= 999), count(*) filter ("PM2.5" > "PM10") from delivered'
        ).fetchone()
    assert above == PM25_ABOVE_PM10 and capped > 0
    assert ask(flagged, f"silver.{AIR}") == [("pm10", PM25_ABOVE_PM10, 0), ("pm25", PM25_ABOVE_PM10, capped)]
    assert ask(f"select count(*) from silver.{AIR} where pollutant_code = 'pm25' and value >= 999", f"silver.{AIR}") == [
        (capped,)
    ]


def test_what_was_received_is_accounted_for_in_both_datasets(lake):
    done = reconcile()
    assert done.mismatches == []
    for dataset, items in ((AIR, 6), (WEATHER, 1)):
        whole = total([a for a in done.accounts if a.dataset == dataset], dataset)
        assert (whole.received, whole.waiting, whole.difference) == (ROWS, 0, 0)
        assert whole.accepted + whole.duplicate + whole.quarantined + whole.dead_letter == ROWS
        assert tables.open_table(f"silver.{dataset}").to_pyarrow_dataset().count_rows() == items * whole.accepted


def test_the_scorecard_states_the_share_of_values_present(lake):
    cards = {c["source"]: c for c in scorecards.compute().to_pylist()}
    assert cards[PRSA]["completeness"] == pytest.approx(1 - sum(MISSING.values()) / (6 * ROWS))
    assert cards[PRSA]["consistency"] == pytest.approx(1 - 2 * PM25_ABOVE_PM10 / (6 * ROWS))
    weather = cards["environment__weather__prsa"]
    assert weather["completeness"] == pytest.approx(1 - sum(MISSING_WEATHER.values()) / (6 * ROWS))
    assert cards[PRSA]["validity"] == weather["validity"] == 1.0
