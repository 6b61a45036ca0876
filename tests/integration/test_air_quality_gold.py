"""Gold of air quality through the real models: worked values, every breakpoint of both versions, days with gaps."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pandas as pd
import pytest

from lakehouse import tables
from tests.support import aqi_cases, aqi_oracle, gold_lake, silver_hours
from tests.support.aqi_oracle import ORDER

pytestmark = [pytest.mark.spark, pytest.mark.slow]

VERSIONS = {2012: "HJ 633-2012", 2026: "HJ 633-2026"}
EDGE, RANDOM, WORKED, HOURLY, ODD = "prsa-aotizhongxin", "prsa-changping", "prsa-dongsi", "prsa-gucheng", "prsa-tiantan"
WORKED_HOUR = datetime(2026, 5, 1, tzinfo=UTC)
MADRID_MIDNIGHT = datetime(2024, 3, 30, 23, tzinfo=UTC)  # of 2024-03-31, the day that summer time began
FIRST = date(2014, 1, 1)
EDGE_DAYS = list(aqi_cases.edge_days(EDGE, FIRST))
RANDOM_DAYS = list(aqi_cases.whole_days(RANDOM, FIRST, 400, seed=633))
ERA = {2012: datetime(2024, 1, 1, tzinfo=UTC), 2026: datetime(2026, 4, 1, tzinfo=UTC)}


def hourly_cases(version: int) -> list[tuple[str, Fraction, datetime]]:
    """(pollutant, concentration, hour): every edge of the tables that an hourly report can meet."""
    found = []
    for pollutant in ORDER:
        values = aqi_cases.edges(pollutant, "24h" if pollutant.startswith("pm") else "1h")
        found += [(pollutant, value, ERA[version] + timedelta(hours=i)) for i, value in enumerate(values)]
    return found


def odd_days() -> list[aqi_cases.StationDay]:
    """Days around the special rules, on consecutive days of 2015."""
    f, none = Fraction, None
    gap = [none] * 3
    bodies = [
        {"pm25": [f(40)] * 19 + [none] * 5},  # one hour too few
        {"pm25": [f(40)] * 20 + [none] * 4},
        {"o3": [f(850)] * 24},  # 8 h above 800: 2012 takes the hour
        {"o3": [f(1300)] * 24},  # beyond both tables of 2012
        {"o3": [f(100)] * 7 + [f(300)] + [f(100)] * 16},
        {"o3": gap + [f(90)] * 21},  # the mean ending at 08 has 5 hours: 16 of 17 means
        {"o3": [f(90)] * 8 + [none] * 8 + [f(90)] * 8},  # 8 of 17 means
        {"o3": [f(90)] * 18 + [none] * 6},  # means ending up to 20 h: 13 of 17, one too few
        {"o3": [f(90)] * 19 + [none] * 5},  # 14 of 17
        {"pm25": [f(501)] * 24, "pm10": [f(600)] * 24},  # beyond, beside exactly at the end of the table
        {"pm25": [f("34.5")] * 24, "pm10": [f("50.5")] * 24},  # ties of rounding: 34 and 50
        {"pm25": [f("35.5")] * 24, "pm10": [f("51.5")] * 24},  # 36 and 52
        {"co": [f("2.05")] * 24},  # 2.0
        {"co": [f("2.15")] * 24},  # 2.2
        {p: [none] * 24 for p in ORDER},
    ]
    return [aqi_cases.StationDay(ODD, date(2015, 6, 1) + timedelta(days=i), b) for i, b in enumerate(bodies)]


@pytest.fixture(scope="module")
def gold(spark, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """Every gold table after one run over all cases."""
    rows = [
        row for d in [*EDGE_DAYS, *RANDOM_DAYS, *odd_days()] for row in silver_hours.day(d.station, d.day, as_floats(d.hours))
    ]
    for number, (given, *_) in enumerate(aqi_cases.WORKED):
        hours = {p: [float(v)] * 24 for p, v in zip(ORDER, given, strict=True)}
        rows += silver_hours.day(WORKED, date(2016, 5, 1) + timedelta(days=number), hours)
    for version in VERSIONS:
        rows += [silver_hours.hour(HOURLY, p, at, float(v)) for p, v, at in hourly_cases(version)]
    rows += [silver_hours.hour(WORKED, p, WORKED_HOUR, float(v)) for p, v in zip(ORDER, (45, 80, 35, 85, 3, 140), strict=True)]
    rows += other_rows()
    with gold_lake.lake(spark, tmp_path_factory.mktemp("gold"), as_of="2026-07-01T00:00:00Z"):
        silver_hours.write(rows)
        assert gold_lake.run_gold()
        return {name: tables.read(name).to_pandas() for name in tables.names("gold")} | {"rows": pd.DataFrame(rows)}


def other_rows() -> list[dict]:
    short = {"minutes_valid": 40, "period_used": "minute"}
    at = datetime(2024, 9, 1, tzinfo=UTC)
    return [
        silver_hours.hour(ODD, "no2", at, 120.0, **short),
        silver_hours.hour(ODD, "no2", at + timedelta(hours=1), 120.0, **(short | {"minutes_valid": 50})),
        silver_hours.hour(ODD, "nox", at, 150.0),
        *[silver_hours.hour("ngsi-28079004", "o3", MADRID_MIDNIGHT + timedelta(hours=h), 90.0) for h in range(23)],
        *silver_hours.day(WORKED, date(2026, 2, 28), {"pm25": [75.0] * 24}),
        *silver_hours.day(WORKED, date(2026, 3, 1), {"pm25": [75.0] * 24}),
        *silver_hours.day(WORKED, date(2026, 6, 29), {"pm25": [20.0] * 24}),
        *silver_hours.day(WORKED, date(2026, 6, 30), {"pm25": [20.0] * 24}),
    ]


def as_floats(hours: dict) -> dict:
    return {p: [None if v is None else float(v) for v in values] for p, values in hours.items()}


def of_day(gold: dict, station: str, day: date, version: int) -> pd.Series:
    daily = gold["gold.agg_air_quality_daily"]
    found = daily[(daily.station_id == station) & (daily.date_local == day) & (daily.rule_version == VERSIONS[version])]
    assert len(found) == 1, f"{station} {day} {version}: {len(found)} rows"
    return found.iloc[0]


def plain(value):
    return None if pd.isna(value) else value


def differences(days: list[aqi_cases.StationDay], gold: dict) -> list[str]:
    """What gold says otherwise than the oracle: concentrations, indices, AQI, primary pollutants, level."""
    daily = gold["gold.agg_air_quality_daily"].set_index(["station_id", "date_local", "rule_version"])
    found = []
    for d in days:
        for year, name in VERSIONS.items():
            row, due = daily.loc[d.station, d.day, name], d.judge(year)
            said = {f"iaqi_{p}": (plain(row[f"iaqi_{p}"]), due.iaqi[p]) for p in ORDER}
            said |= {c: (plain(row[c]), due.concentration[p]) for p, c in COLUMNS.items()}
            said |= {"aqi": (plain(row.aqi), due.aqi), "level": (plain(row.level), due.level)}
            said["primary"] = (plain(row.primary_pollutants), ",".join(due.primary) or None)
            found += [f"{d} {name} {k}: {a} is not {b}" for k, (a, b) in said.items() if not same(a, b)]
    return found


def same(given, due) -> bool:
    if isinstance(given, str) or given is None or due is None:
        return given == due
    return Fraction(str(given)) == due


COLUMNS = {
    "pm25": "pm25_ugm3", "pm10": "pm10_ugm3", "so2": "so2_ugm3", "no2": "no2_ugm3", "co": "co_mgm3", "o3": "o3_8h_ugm3",
}  # fmt: skip


@pytest.mark.parametrize("number", range(len(aqi_cases.WORKED)))
def test_worked_daily_values_of_the_standard(gold, number):
    _, *due = aqi_cases.WORKED[number]
    for year, (iaqi, aqi, primary) in zip(VERSIONS, (due[:3], due[3:]), strict=True):
        row = of_day(gold, WORKED, date(2016, 5, 1) + timedelta(days=number), year)
        assert tuple(row[f"iaqi_{p}"] for p in ORDER) == iaqi
        assert (row.aqi, plain(row.primary_pollutants), row.invalid_reason) == (aqi, primary, None)


def test_worked_hourly_values_of_2026_and_the_trap_of_so2(gold):
    hours = gold["gold.fct_air_quality_hourly"]
    mine = hours[(hours.station_id == WORKED) & (hours.hour_at == pd.Timestamp(WORKED_HOUR))].set_index("pollutant_code")
    assert [mine.loc[p, "iaqi"] for p in ORDER] == [70, 72, 12, 43, 30, 44]
    so2 = hours[(hours.station_id == HOURLY) & (hours.pollutant_code == "so2") & (hours.value == 150)]
    assert set(so2.iaqi) == {50}  # the 1 h table; the day of 150 ug/m3 is 100 (second worked day)


def test_every_edge_of_the_daily_tables_of_both_versions(gold):
    assert len(EDGE_DAYS) * 2 >= 200
    assert differences(EDGE_DAYS, gold) == []


def test_random_days_with_gaps(gold):
    assert differences(RANDOM_DAYS, gold) == []
    assert {d.judge(2012).level for d in RANDOM_DAYS} == {1, 2, 3, 4, 5, 6}  # the cases bite
    assert sum(d.judge(2026).aqi is None for d in RANDOM_DAYS) > 20  # withheld: an item missing, the rest low


def test_days_around_the_special_rules(gold):
    assert differences(odd_days(), gold) == []
    days = [of_day(gold, ODD, d.day, 2012) for d in odd_days()]
    assert days[0].invalid_reason.startswith("pm25: 19 of 20 hours") and pd.isna(days[0].aqi)
    assert days[2].iaqi_o3 == 325 and pd.isna(days[3].iaqi_o3)
    assert "o3: 13 of 14 running means" in days[7].invalid_reason and days[7].n_o3 == 18
    assert (plain(days[9].aqi), days[9].level, days[9].primary_pollutants) == (None, 6, "pm25")
    assert not days[9].is_good_day and "pm25: above the table of HJ 633-2012" in days[9].invalid_reason
    assert pd.isna(days[14].aqi) and days[14].invalid_reason.count(" of ") == 6


def test_an_incomplete_day_by_2026_has_an_index_only_above_100(gold):
    low = of_day(gold, ODD, odd_days()[1].day, 2026)
    assert (plain(low.aqi), low.iaqi_pm25, plain(low.is_good_day)) == (None, 60, None)
    assert "AQI of the other items is not above 100" in low.invalid_reason
    assert of_day(gold, ODD, odd_days()[1].day, 2012).aqi == 57


@pytest.mark.parametrize("year", VERSIONS)
def test_every_edge_of_the_hourly_tables(gold, year):
    hours = gold["gold.fct_air_quality_hourly"].set_index(["station_id", "pollutant_code", "hour_at"])
    for pollutant, value, at in hourly_cases(year):
        row, due = hours.loc[HOURLY, pollutant, pd.Timestamp(at)], aqi_oracle.hourly_iaqi(year, pollutant, value)
        assert (plain(row.iaqi), row.rule_version) == (due, VERSIONS[year]), f"{pollutant} {value}"
        assert (row.iaqi_reason is None) == (due is not None)


def test_hours_without_an_index_say_why(gold):
    hours = gold["gold.fct_air_quality_hourly"].set_index(["station_id", "pollutant_code", "hour_at"])
    at = pd.Timestamp(2024, 9, 1, tz="UTC")
    short = hours.loc[ODD, "no2", at]
    assert (plain(short.value), short.iaqi_reason) == (None, "40 of 45 minutes valid")
    assert hours.loc[ODD, "no2", at + pd.Timedelta(hours=1)].iaqi == 60  # 50 minutes are enough
    assert hours.loc[ODD, "nox", at].iaqi_reason == "not a pollutant of the index"
    pm25 = hours.loc[HOURLY, "pm25", pd.Timestamp(ERA[2012])]
    assert pm25.iaqi_reason == "HJ 633-2012 has no hourly table for PM2.5"
    missing = hours.loc[RANDOM].query("value != value")
    assert set(missing.iaqi_reason) == {"missing"}


def test_the_version_changes_on_the_first_of_march_2026(gold):
    before, after = date(2026, 2, 28), date(2026, 3, 1)
    assert [of_day(gold, WORKED, before, y).is_in_force for y in VERSIONS] == [True, False]
    assert [of_day(gold, WORKED, after, y).is_in_force for y in VERSIONS] == [False, True]
    hours = gold["gold.fct_air_quality_hourly"].query("station_id == @WORKED and pollutant_code == 'pm25'")
    by_day = hours.groupby(hours.date_key).iaqi.max()
    assert pd.isna(by_day[20260228]) and by_day[20260301] == 114


def test_a_day_is_provisional_until_a_day_after_it_ended(gold):
    assert [bool(of_day(gold, WORKED, date(2026, 6, d), 2026).is_provisional) for d in (29, 30)] == [False, True]
    hours = gold["gold.fct_air_quality_hourly"]
    assert set(hours[hours.is_provisional].date_key) == {20260630}


def test_a_day_of_23_hours_keeps_its_order(gold):
    """Madrid, 2024-03-31: 02:00 does not exist; 23 hours still give 17 running means, the last with 7 of 8 hours."""
    row = of_day(gold, "ngsi-28079004", date(2024, 3, 31), 2012)
    assert (row.n_o3, row.n_o3_8h, row.o3_8h_ugm3) == (23, 17, 90.0)


def test_rows_agree_with_silver(gold):
    hours, rows = gold["gold.fct_air_quality_hourly"], gold["rows"]
    assert len(hours) == len(rows)
    key = ["station_id", "pollutant_code", "hour_at"]
    both = hours.merge(rows.assign(hour_at=pd.to_datetime(rows.hour_at, utc=True)), on=key, suffixes=("", "_silver"))
    assert len(both) == len(rows)
    local = both[both.station_id != "ngsi-28079004"]
    assert (local.hour_local == (local.hour_at + pd.Timedelta(hours=8)).dt.tz_localize(None)).all()


def test_calendar_covers_the_years_of_the_data(gold):
    days = gold["gold.dim_date"]
    assert (days.date_local.min(), days.date_local.max()) == (date(2014, 1, 1), date(2026, 12, 31))
    monday = days[days.date_local == date(2026, 3, 2)].iloc[0]
    assert (monday.day_of_week, monday.iso_week, monday.day_name_zh, monday.is_weekend) == (1, 10, "星期一", False)
    newyear = days[days.date_local == date(2021, 1, 1)].iloc[0]
    assert (newyear.iso_year, newyear.iso_week, newyear.date_key) == (2020, 53, 20210101)
