"""All days of the real Beijing readings of 2013-2017: the gold table against the standard worked out from the raw files."""

import csv
import gzip
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from lakehouse import tables
from tests.support import aqi_oracle, gold_lake, silver_hours
from tests.support.aqi_oracle import ORDER

pytestmark = [pytest.mark.spark, pytest.mark.slow]

VERSIONS = {2012: "HJ 633-2012", 2026: "HJ 633-2026"}
COLUMNS = dict(zip(("PM2.5", "PM10", "SO2", "NO2", "CO", "O3"), ORDER, strict=True))
CONCENTRATION = ("pm25_ugm3", "pm10_ugm3", "so2_ugm3", "no2_ugm3", "co_mgm3", "o3_8h_ugm3")


@cache
def exact(text: str) -> Fraction:
    """A value as it stands in the files; the same few thousand texts come again and again."""
    return Fraction(text)


def raw_days(path: Path) -> dict[date, dict[str, list[Fraction | None]]]:
    """Local day -> 24 values per pollutant, straight from the text of one file (CO in ug/m3 there)."""
    days: dict = {}
    with gzip.open(path, "rt", encoding="ascii") as file:
        for row in csv.DictReader(file):
            day = date(int(row["year"]), int(row["month"]), int(row["day"]))
            hours = days.setdefault(day, {p: [None] * 24 for p in ORDER})
            for column, pollutant in COLUMNS.items():
                if row[column] != "NA":
                    hours[pollutant][int(row["hour"])] = exact(row[column]) / (1000 if pollutant == "co" else 1)
    return days


@pytest.fixture(scope="module")
def daily(spark, tmp_path_factory, reference_data):
    """(station, day, version) -> row of the gold table after one run over all 2.5 million hours."""
    folder = reference_data / "air_quality" / "prsa_beijing_2013_2017"
    with gold_lake.lake(spark, tmp_path_factory.mktemp("prsa"), as_of="2026-11-01T00:00:00Z"):
        silver_hours.write_frame(silver_hours.prsa(folder))
        gold_lake.run_gold()
        found = tables.read("gold.agg_air_quality_daily").to_pylist()
        hours = (
            tables.duck("gold.fct_air_quality_hourly")
            .execute("select count(*), count(value) from gold.fct_air_quality_hourly")
            .fetchall()
        )
    return {(r["station_id"], r["date_local"], r["rule_version"]): r for r in found}, hours, folder


def test_every_station_day_is_exact(daily):
    rows, _, folder = daily
    compared, wrong = 0, []
    for path in sorted(folder.glob("PRSA_Data_*.csv.gz")):
        station = f"prsa-{path.name.split('_')[2].lower()}"
        for day, hours in raw_days(path).items():
            for year, version in VERSIONS.items():
                compared += 1
                row, due = rows[station, day, version], aqi_oracle.judge_day(year, hours)
                if said(row) != expected(due):
                    wrong.append((station, day, version, said(row), expected(due)))
    assert (compared, wrong[:3]) == (12 * 1461 * 2, [])


def said(row: dict) -> tuple:
    concentration = tuple(None if row[c] is None else Fraction(str(row[c])) for c in CONCENTRATION)
    return (concentration, tuple(row[f"iaqi_{p}"] for p in ORDER), row["aqi"], row["primary_pollutants"], row["level"])


def expected(due: aqi_oracle.Day) -> tuple:
    primary = ",".join(due.primary) or None
    return (tuple(due.concentration[p] for p in ORDER), tuple(due.iaqi[p] for p in ORDER), due.aqi, primary, due.level)


def test_hours_and_missing_values_are_those_of_the_files(daily):
    """420,768 rows of six pollutants; the published numbers of missing values per pollutant."""
    missing = 8_739 + 6_449 + 9_021 + 12_116 + 20_701 + 13_277
    assert daily[1] == [(420_768 * 6, 420_768 * 6 - missing)]


def test_days_beyond_the_table_keep_their_level(daily):
    beyond = [r for r in daily[0].values() if r["rule_version"] == VERSIONS[2012] and r["pm25_ugm3"] and r["pm25_ugm3"] > 500]
    assert len(beyond) == 9  # station days above 500 ug/m3
    assert {(r["aqi"], r["level"], r["is_good_day"]) for r in beyond} == {(None, 6, False)}
