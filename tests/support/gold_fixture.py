"""Gold, reference and ops tables of the environment theme for tests of the pages, made without an engine in a few seconds.

Real PRSA Beijing readings (hourly, local time UTC+8, CO in ug/m3) become tables of the gold contracts' shape by
plain pandas. The AQI here is a short stand-in of HJ 633 (linear between breakpoints, rounded up); what the platform
itself computes is tested where it is computed.

    python -m tests.support.gold_fixture DATA_HOME --source FOLDER [--stations 12] [--start DAY] [--end DAY]
"""

import argparse
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from tests.support import operations_fixture, registers_fixture
from transforms.gold.reference import reference_tables

CHECKOUT = Path(__file__).resolve().parents[2]
ZONE, CITY = "Asia/Shanghai", "110100"
POLLUTANTS = {"pm25": "PM2.5", "pm10": "PM10", "so2": "SO2", "no2": "NO2", "co": "CO", "o3": "O3"}
UNIT = {p: "mg/m3" if p == "co" else "ug/m3" for p in POLLUTANTS}
DAILY_COLUMN = {p: f"{p}_{UNIT[p].replace('/', '')}" for p in POLLUTANTS} | {"o3": "o3_8h_ugm3"}
RULES = {"HJ 633-2012": {"pm10": 150, "pm25": 75}, "HJ 633-2026": {"pm10": 120, "pm25": 60}}
IN_FORCE = "HJ 633-2012"  # on every day of 2013-2017
IAQI = [0, 50, 100, 150, 200, 300, 400, 500]
DAY_BREAKPOINTS = {
    "so2": [0, 50, 150, 475, 800, 1600, 2100, 2620], "no2": [0, 40, 80, 180, 280, 565, 750, 940],
    "co": [0, 2, 4, 14, 24, 36, 48, 60], "o3": [0, 100, 160, 215, 265, 800, 1000, 1200],
    "pm10": [0, 50, None, 250, 350, 420, 500, 600], "pm25": [0, 35, None, 115, 150, 250, 350, 500],
}  # fmt: skip
LEVELS = [
    ("优", "Excellent", "#00E400"), ("良", "Good", "#FFFF00"), ("轻度污染", "Lightly polluted", "#FF7E00"),
    ("中度污染", "Moderately polluted", "#FF0000"), ("重度污染", "Heavily polluted", "#99004C"),
    ("严重污染", "Severely polluted", "#7E0023"),
]  # fmt: skip
LEVEL_LIMITS = [50, 100, 150, 200, 300]


def source_folder(reference_data: Path | None) -> Path | None:
    """Where PRSA files lie: the reference data, else the sample stations of the repository, else None."""
    folders = [reference_data / "air_quality" / "prsa_beijing_2013_2017"] if reference_data else []
    folders += [f.parent for f in sorted((CHECKOUT / "samples").glob("**/PRSA_Data_*.csv*"))]
    return next((f for f in folders if f.is_dir() and any(f.glob("PRSA_Data_*.csv*"))), None)


def read_station(file: Path, start: str, end: str) -> pd.DataFrame:
    """One station, a row per hour: hour_local (naive, +8) and one column per pollutant in canonical units."""
    columns = ["year", "month", "day", "hour", *POLLUTANTS.values()]
    raw = pd.read_csv(file, usecols=columns, na_values="NA", engine="pyarrow")
    hours = pd.to_datetime(raw[["year", "month", "day", "hour"]]).astype("datetime64[us]")
    frame = pd.DataFrame({"hour_local": hours, "hour_at": hours.dt.tz_localize(ZONE).dt.tz_convert("UTC")})
    for code, name in POLLUTANTS.items():
        frame[code] = raw[name] / (1000 if code == "co" else 1)
    frame.insert(0, "station_id", "prsa-" + file.name.removeprefix("PRSA_Data_").split("_")[0].lower())
    return frame[(frame.hour_local >= start) & (frame.hour_local < pd.Timestamp(end) + timedelta(days=1))]


def iaqi(code: str, value: pd.Series, rule: str) -> pd.Series:
    """Rounded up; 501 stands for beyond the table."""
    breakpoints = [RULES[rule][code] if b is None else b for b in DAY_BREAKPOINTS[code]]
    exact = np.where(value > breakpoints[-1], 501, np.interp(value, breakpoints, IAQI))
    return pd.Series(np.where(value.isna(), np.nan, np.ceil(exact - 1e-9)), index=value.index)


def within_table(index: pd.Series) -> pd.Series:
    return index.where(index <= 500).astype("Int64")


def level_of(index: pd.Series) -> pd.Series:
    return pd.Series(np.searchsorted(LEVEL_LIMITS, index.fillna(0)) + 1, index=index.index)


def date_key(at):
    return at.year * 10_000 + at.month * 100 + at.day


def daily(wide: pd.DataFrame) -> pd.DataFrame:
    """gold.agg_air_quality_daily: one row per station, local day and rule version."""
    wide = wide.assign(date_local=wide.hour_local.dt.date)
    wide["o3_8h"] = wide.groupby("station_id").o3.transform(lambda s: s.rolling(8, min_periods=6).mean())
    wide.loc[wide.hour_local.dt.hour < 7, "o3_8h"] = np.nan
    by_day = wide.groupby(["station_id", "date_local"])
    hours = by_day[list(POLLUTANTS)].count()
    means = by_day[list(POLLUTANTS)].mean().round(3)
    means["o3"] = by_day["o3_8h"].max().round(3)
    means = means.where((hours >= 20) | (np.array(list(POLLUTANTS)) == "o3")[None, :])
    counts = hours.add_prefix("n_").assign(n_o3_8h=by_day["o3_8h"].count())
    return pd.concat([by_rule(means, counts, rule) for rule in RULES], ignore_index=True)


def by_rule(means: pd.DataFrame, counts: pd.DataFrame, rule: str) -> pd.DataFrame:
    parts = pd.DataFrame({c: iaqi(c, means[c], rule) for c in POLLUTANTS})
    largest, known = parts.max(axis=1), parts.notna().any(axis=1)
    out = means.rename(columns=DAILY_COLUMN).join(counts).join(parts.apply(within_table).add_prefix("iaqi_"))
    at_max = parts.eq(largest, axis=0).to_numpy() & (largest > 50).to_numpy()[:, None]
    out["primary_pollutants"] = [",".join(np.array(list(POLLUTANTS))[row]) or None for row in at_max]
    out["aqi"], out["level"] = within_table(largest), level_of(largest).astype("Int64").where(known)
    for position, column in enumerate(("level_name_zh", "level_name_en", "level_color")):
        out[column] = out.level.map({n: names[position] for n, names in enumerate(LEVELS, start=1)})
    out["is_good_day"] = (largest <= 100).astype("boolean").where(known)
    out["invalid_reason"] = np.select([~known, largest > 500], ["no pollutant is valid", "above the table"], None)
    out = out.reset_index().assign(rule_version=rule, is_in_force=rule == IN_FORCE, is_provisional=False)
    day = pd.to_datetime(out.date_local)
    month = day.to_numpy().astype("datetime64[M]").astype(object)
    return out.assign(date_key=date_key(day.dt), event_month=month, data_origin="public_reference")


def hourly(wide: pd.DataFrame) -> pd.DataFrame:
    """gold.fct_air_quality_hourly: one row per station, pollutant and hour."""
    month = wide.hour_at.dt.tz_localize(None).to_numpy().astype("datetime64[M]").astype(object)
    wide = wide.assign(event_month=month, date_key=date_key(wide.hour_local.dt))
    keys = ["station_id", "hour_local", "hour_at", "date_key", "event_month"]
    long = wide.melt(keys, list(POLLUTANTS), "pollutant_code", "value")
    long["hour_local"] = long.hour_local.dt.tz_localize("UTC")  # local wall clock, held like any timestamp
    long["unit_code"] = long.pollutant_code.map(UNIT)
    index = [iaqi(code, group.value, IN_FORCE) for code, group in long.groupby("pollutant_code")]
    long["iaqi"] = within_table(pd.concat(index))
    long["iaqi_reason"] = np.where(long.iaqi.isna(), "missing", None)
    return long.assign(minutes_valid=None, rule_version=IN_FORCE, is_provisional=False, data_origin="public_reference")


def stations(wide: pd.DataFrame) -> pd.DataFrame:
    """gold.dim_stations from the project's own list of stations."""
    listed = pd.read_csv(CHECKOUT / "contracts" / "reference" / "stations.csv", dtype={"division_code": "string"})
    return listed[listed.station_id.isin(wide.station_id)]


def forecasts(wide: pd.DataFrame, days: int = 14) -> pd.DataFrame:
    """gold.fct_pm25_forecasts: the value at the origin (persistence), every six hours of the last days."""
    actual = wide.set_index(["station_id", "hour_at"]).pm25
    recent = wide[(wide.hour_at > wide.hour_at.max() - timedelta(days=days)) & (wide.hour_local.dt.hour % 6 == 0)]
    parts = []
    for horizon in (1, 6, 12, 24):
        part = pd.DataFrame({"station_id": recent.station_id, "origin_at": recent.hour_at, "predicted": recent.pm25})
        part["horizon_hours"], part["target_at"] = horizon, part.origin_at + timedelta(hours=horizon)
        part["lower_80"], part["upper_80"] = (part.predicted * 0.6).round(1), (part.predicted * 1.5).round(1)
        part["actual"] = actual.reindex(pd.MultiIndex.from_frame(part[["station_id", "target_at"]])).to_numpy()
        parts.append(part)
    out = pd.concat(parts, ignore_index=True).dropna(subset="predicted")
    return out.assign(model_name="pm25", model_version="1", is_demo_model=True, data_origin="public_reference")


def dates(per_day: pd.DataFrame) -> pd.DataFrame:
    days = pd.date_range(per_day.date_local.min(), per_day.date_local.max(), freq="D")
    iso = days.isocalendar()
    return pd.DataFrame({
        "date_key": date_key(days), "date_local": days.date, "year": days.year, "quarter": days.quarter,
        "month": days.month, "day": days.day, "day_of_week": days.dayofweek + 1, "iso_year": iso.year.to_numpy(),
        "iso_week": iso.week.to_numpy(), "is_weekend": days.dayofweek > 4, "month_name_en": days.strftime("%B"),
        "day_name_en": days.strftime("%A"), "day_name_zh": ["星期" + "一二三四五六日"[d] for d in days.dayofweek],
    })  # fmt: skip


def city_days(per_day: pd.DataFrame) -> pd.DataFrame:
    """The city as a division: the mean of its stations' concentrations by the rule in force, then the index."""
    means = per_day[per_day.is_in_force].groupby("date_local")[list(DAILY_COLUMN.values())].mean()
    largest = pd.DataFrame({c: iaqi(c, means[column], IN_FORCE) for c, column in DAILY_COLUMN.items()}).max(axis=1)
    good = (largest <= 100).astype("boolean").where(largest.notna())
    return means.assign(aqi=within_table(largest), is_good_day=good, scope_type="division", scope_id=CITY).reset_index()


def kpis(per_day: pd.DataFrame) -> pd.DataFrame:
    """gold.fct_kpi_values: ENV-01 per day, ENV-02 and ENV-03 per month, for each station and the city."""
    by_station = per_day[per_day.is_in_force].assign(scope_type="station", scope_id=lambda d: d.station_id)
    days = pd.concat([by_station, city_days(per_day)], ignore_index=True)
    aqi = days.aqi.astype(float)
    index = days[["scope_type", "scope_id"]].assign(
        kpi_id="ENV-01", period=pd.to_datetime(days.date_local).dt.strftime("%Y-%m-%d"), period_start=days.date_local,
        value=aqi, numerator=aqi, denominator=1.0, frequency="D", target=50.0, amber_limit=100.0, unit_code="1",
    )  # fmt: skip
    good = by_month(days, "is_good_day", 100).assign(kpi_id="ENV-02", target=90.0, amber_limit=80.0, unit_code="%")
    mean = by_month(days, "pm25_ugm3", 1).assign(kpi_id="ENV-03", target=30.0, amber_limit=35.0, unit_code="ug/m3")
    out = pd.concat([index, good, mean], ignore_index=True)
    sign = np.where(out.kpi_id == "ENV-02", -1, 1)
    within = [sign * out.value <= sign * out[limit] for limit in ("target", "amber_limit")]
    out["state"] = np.select([out.value.isna(), *within], ["grey", "green", "amber"], "red")
    out["station_id"] = out.scope_id.where(out.scope_type == "station")
    evidence = json.dumps({"silver.environment__air_quality_hourly": 1})
    return out.assign(
        division_code=CITY, completeness=out.value.notna().astype(float), kpi_version="1.0.0", is_provisional=False,
        rule_version=IN_FORCE, data_origin="public_reference", input_versions=evidence, _run_id="run-1",
    )  # fmt: skip


def by_month(days: pd.DataFrame, column: str, factor: int) -> pd.DataFrame:
    known = days[days[column].notna()].assign(period=lambda d: pd.to_datetime(d.date_local).dt.strftime("%Y-%m"))
    grouped = known.groupby(["scope_type", "scope_id", "period"])[column]
    out = pd.DataFrame({"numerator": grouped.sum(), "denominator": grouped.count()}).astype(float).reset_index()
    value = (factor * out.numerator / out.denominator).round(1)
    return out.assign(frequency="M", value=value, period_start=pd.to_datetime(out.period).dt.date)


def gold(source: Path, station_count: int, start: str, end: str) -> dict[str, pd.DataFrame]:
    """Every gold table by name, from the first `station_count` files of a folder of PRSA CSV files."""
    files = sorted(source.glob("PRSA_Data_*.csv*"))[:station_count]
    wide = pd.concat([read_station(f, start, end) for f in files], ignore_index=True)
    per_day = daily(wide)
    return {
        "gold.dim_stations": stations(wide),
        "gold.dim_date": dates(per_day),
        "gold.fct_air_quality_hourly": hourly(wide),
        "gold.agg_air_quality_daily": per_day,
        "gold.fct_pm25_forecasts": forecasts(wide),
        "gold.fct_kpi_values": kpis(per_day),
        **registers_fixture.registers(),
    }


def as_arrow(name: str, frame: pd.DataFrame) -> pa.Table:
    """Arrow in the columns and types of the table's contract; a column that the frame lacks is an error."""
    dataset = contracts()[name.split(".")[1]]
    return pa.Table.from_pandas(frame[[f.name for f in dataset.fields]], arrow_schema(dataset), preserve_index=False)


def write(
    data_home: Path,
    source: Path,
    station_count: int = 12,
    start: str = "2016-01-01",
    end: str = "2017-02-28",
    test_vectors: tuple[str, ...] = (),
) -> dict[str, int]:
    """Write the tables as Delta under `data_home`/tables/<layer>/<name>, replacing them; returns rows per table.

    The days of the stations named in `test_vectors` are marked as test vectors.
    """
    frames = gold(source, station_count, start, end)
    days = frames["gold.agg_air_quality_daily"]
    days.loc[days.station_id.isin(test_vectors), "data_origin"] = "test_vector"
    made = {name: as_arrow(name, frame) for name, frame in frames.items()}
    made |= reference_tables()
    made |= operations_fixture.operations(received=made["gold.fct_air_quality_hourly"].num_rows)
    for name, table in made.items():
        partition = ["event_month"] if "event_month" in table.column_names else None
        location = data_home / "tables" / Path(*name.split(".", 1))
        write_deltalake(location, table, mode="overwrite", schema_mode="overwrite", partition_by=partition)
    return {name: table.num_rows for name, table in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_home", type=Path, help="tables of the same names in it are replaced")
    parser.add_argument("--source", type=Path, required=True, help="folder of PRSA CSV files")
    parser.add_argument("--stations", type=int, default=12)
    parser.add_argument("--start", default="2016-01-01")
    parser.add_argument("--end", default="2017-02-28")
    given = parser.parse_args()
    rows = write(given.data_home, given.source, given.stations, given.start, given.end)
    print("\n".join(f"{name}: {count:,} rows" for name, count in rows.items()))


if __name__ == "__main__":
    main()
