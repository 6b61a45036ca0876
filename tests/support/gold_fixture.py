"""Gold and ops tables of the environment theme for tests of the pages, made without an engine in a few seconds.

Real PRSA Beijing readings (hourly, local time UTC+8, CO in ug/m3) become the gold tables' shape by plain
pandas. The AQI here is a short stand-in of HJ 633 (linear between breakpoints, rounded up); what the platform
itself computes is tested where it is computed.

    python -m tests.support.gold_fixture HOME --source FOLDER [--stations 12] [--start 2016-01-01] [--end 2017-02-28]
"""

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

CHECKOUT = Path(__file__).resolve().parents[2]
ZONE = "Asia/Shanghai"
STATIONS = {
    "aotizhongxin": "奥体中心", "changping": "昌平", "dingling": "定陵", "dongsi": "东四", "guanyuan": "官园",
    "gucheng": "古城", "huairou": "怀柔", "nongzhanguan": "农展馆", "shunyi": "顺义", "tiantan": "天坛",
    "wanliu": "万柳", "wanshouxigong": "万寿西宫",
}  # fmt: skip
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
    (50, "优", "Excellent", "#00E400"), (100, "良", "Good", "#FFFF00"), (150, "轻度污染", "Lightly polluted", "#FF7E00"),
    (200, "中度污染", "Moderately polluted", "#FF0000"), (300, "重度污染", "Heavily polluted", "#99004C"),
    (10_000, "严重污染", "Severely polluted", "#7E0023"),
]  # fmt: skip


def source_folder(reference_data: Path | None) -> Path | None:
    """Where the PRSA files lie: the reference data, else the two sample stations of the repository, else None."""
    folders = [reference_data / "air_quality" / "prsa_beijing_2013_2017"] if reference_data else []
    folders += [f.parent for f in sorted((CHECKOUT / "samples").glob("**/PRSA_Data_*.csv*"))]
    return next((f for f in folders if f.is_dir() and any(f.glob("PRSA_Data_*.csv*"))), None)


def read_station(file: Path, start: str, end: str) -> pd.DataFrame:
    """One station, one row per hour: hour_local (naive, +8) and one column per pollutant in canonical units."""
    raw = pd.read_csv(
        file, usecols=["year", "month", "day", "hour", *POLLUTANTS.values()], na_values="NA", engine="pyarrow"
    )
    frame = pd.DataFrame(
        {"hour_local": pd.to_datetime(raw[["year", "month", "day", "hour"]]).astype("datetime64[us]")}
    )
    for code, name in POLLUTANTS.items():
        frame[code] = raw[name] / (1000 if code == "co" else 1)
    station = file.name.removeprefix("PRSA_Data_").split("_")[0].lower()
    frame.insert(0, "station_id", f"prsa-{station}")
    return frame[(frame.hour_local >= start) & (frame.hour_local < pd.Timestamp(end) + timedelta(days=1))]


def iaqi(code: str, value: pd.Series, rule: str) -> pd.Series:
    breakpoints = [RULES[rule][code] if b is None else b for b in DAY_BREAKPOINTS[code]]
    exact = np.interp(value, breakpoints, IAQI)
    return pd.Series(np.where(value.isna(), np.nan, np.ceil(exact - 1e-9)), index=value.index)


def daily(wide: pd.DataFrame) -> pd.DataFrame:
    """One row per station, local day and rule version, shaped as gold.agg_air_quality_daily."""
    wide = wide.assign(date_local=wide.hour_local.dt.date)
    wide["o3_8h"] = wide.groupby("station_id").o3.transform(lambda s: s.rolling(8, min_periods=6).mean())
    wide.loc[wide.hour_local.dt.hour < 7, "o3_8h"] = np.nan
    by_day = wide.groupby(["station_id", "date_local"])
    hours = by_day[list(POLLUTANTS)].count()
    means = by_day[list(POLLUTANTS)].mean().round(3)
    means["o3"] = by_day["o3_8h"].max().round(3)
    means = means.where((hours >= 20) | (np.array(list(POLLUTANTS)) == "o3")[None, :])
    return pd.concat([by_rule(means, hours, rule) for rule in RULES], ignore_index=True)


def by_rule(means: pd.DataFrame, hours: pd.DataFrame, rule: str) -> pd.DataFrame:
    parts = pd.DataFrame({c: iaqi(c, means[c], rule) for c in POLLUTANTS})
    aqi = parts.max(axis=1)
    level = pd.Series(np.searchsorted([limit for limit, *_ in LEVELS], aqi.fillna(0)) + 1, index=aqi.index)
    out = means.rename(columns=DAILY_COLUMN).join(hours.add_prefix("n_").astype("int32"))
    out = out.join(parts.add_prefix("iaqi_").astype("Int32")).reset_index()
    at_max = parts.eq(aqi, axis=0).to_numpy() & (aqi > 50).to_numpy()[:, None]
    out["rule_version"], out["is_in_force"] = rule, rule == IN_FORCE
    out["aqi"] = aqi.astype("Int32").to_numpy()
    out["primary_pollutants"] = [",".join(np.array(list(POLLUTANTS))[row]) or None for row in at_max]
    known = aqi.notna().to_numpy()
    out["level"] = pd.array(np.where(known, level, 0), dtype="Int32")
    out.loc[~known, "level"] = pd.NA
    for position, column in enumerate(("level_name_zh", "level_name_en", "level_color"), start=1):
        out[column] = [LEVELS[n - 1][position] if ok else None for n, ok in zip(level, known, strict=True)]
    out["is_good_day"] = pd.array(np.where(known, aqi <= 100, None), dtype="boolean")
    out["invalid_reason"] = np.where(known, None, "no pollutant has 20 valid hours")
    out["is_provisional"], out["data_origin"] = False, "public_reference"
    return out


def hourly(wide: pd.DataFrame) -> pd.DataFrame:
    """One row per station, pollutant and hour, shaped as gold.fct_air_quality_hourly."""
    at = wide.hour_local.dt.tz_localize(ZONE).dt.tz_convert("UTC")
    local = wide.hour_local.dt
    wide = wide.assign(
        hour_at=at, date_key=(local.year * 10_000 + local.month * 100 + local.day).astype("int32")
    )
    wide["event_month"] = at.dt.tz_localize(None).to_numpy().astype("datetime64[M]").astype(object)
    long = wide.melt(
        ["station_id", "hour_local", "hour_at", "date_key", "event_month"],
        list(POLLUTANTS),
        "pollutant_code",
        "value",
    )
    long["unit_code"] = long.pollutant_code.map(UNIT)
    long["minutes_valid"] = np.where(long.value.isna(), 0, 60).astype("int32")
    long["iaqi"] = pd.Series(np.nan, index=long.index, dtype="Int32")
    for code, group in long.groupby("pollutant_code", observed=True):
        long.loc[group.index, "iaqi"] = iaqi(code, group.value, IN_FORCE).astype("Int32")
    long["iaqi_reason"] = np.where(long.value.isna(), "missing", None)
    long["rule_version"], long["is_provisional"], long["data_origin"] = IN_FORCE, False, "public_reference"
    return long


def stations(wide: pd.DataFrame) -> pd.DataFrame:
    span = (
        wide.assign(hour_at=wide.hour_local.dt.tz_localize(ZONE).dt.tz_convert("UTC"))
        .groupby("station_id")
        .hour_at.agg(["min", "max"])
    )
    names = [s.removeprefix("prsa-") for s in span.index]
    return pd.DataFrame({
        "station_id": span.index, "name_en": [n.capitalize() for n in names], "name_zh": [STATIONS[n] for n in names],
        "division_code": "110000", "lon": pd.array([None] * len(names), dtype="Float64"),
        "lat": pd.array([None] * len(names), dtype="Float64"), "zone": ZONE, "issuer": "prsa",
        "data_origin": "public_reference", "first_hour_at": span["min"].to_numpy(), "last_hour_at": span["max"].to_numpy(),
    })  # fmt: skip


def forecasts(wide: pd.DataFrame, days: int = 14) -> pd.DataFrame:
    """Persistence forecasts (the value at the origin) every six hours of the last days, with a fixed-width interval."""
    rows = wide[["station_id", "hour_local", "pm25"]].assign(
        origin_at=wide.hour_local.dt.tz_localize(ZONE).dt.tz_convert("UTC")
    )
    origins = rows[
        (rows.origin_at > rows.origin_at.max() - timedelta(days=days)) & (rows.hour_local.dt.hour % 6 == 0)
    ]
    actual = rows.set_index(["station_id", "origin_at"]).pm25
    parts = []
    for horizon in (1, 6, 12, 24):
        part = pd.DataFrame(
            {
                "station_id": origins.station_id,
                "origin_at": origins.origin_at,
                "horizon_hours": np.int32(horizon),
            }
        )
        part["target_at"] = part.origin_at + timedelta(hours=horizon)
        part["predicted"] = origins.pm25
        part["lower_80"], part["upper_80"] = (part.predicted * 0.6).round(1), (part.predicted * 1.5).round(1)
        part["actual"] = actual.reindex(
            pd.MultiIndex.from_frame(part[["station_id", "target_at"]])
        ).to_numpy()
        parts.append(part)
    out = pd.concat(parts, ignore_index=True).dropna(subset="predicted")
    return out.assign(model_name="pm25", model_version="1", is_demo_model=True)


def dates(daily_rows: pd.DataFrame) -> pd.DataFrame:
    days = pd.date_range(daily_rows.date_local.min(), daily_rows.date_local.max(), freq="D")
    key = (days.year * 10_000 + days.month * 100 + days.day).astype("int32")
    return pd.DataFrame({"date_key": key, "date_local": days.date, "year": days.year.astype("int32"),
                         "month": days.month.astype("int32"), "day_of_week": days.dayofweek.astype("int32") + 1})  # fmt: skip


def kpis(daily_rows: pd.DataFrame) -> pd.DataFrame:
    """ENV-02 (good-air days, %) and ENV-03 (mean PM2.5, ug/m3) per station and month by the rule in force."""
    days = daily_rows[daily_rows.is_in_force & daily_rows.aqi.notna()]
    by_month = days.assign(period=pd.to_datetime(days.date_local).dt.strftime("%Y-%m")).groupby(
        ["station_id", "period"]
    )
    good, valid = by_month.is_good_day.sum().astype(float), by_month.aqi.count().astype(float)
    share = pd.DataFrame(
        {
            "kpi_id": "ENV-02",
            "value": 100 * good / valid,
            "numerator": good,
            "denominator": valid,
            "target": 90.0,
        }
    )
    mean = pd.DataFrame({"kpi_id": "ENV-03", "value": by_month.pm25_ugm3.mean(), "numerator": by_month.pm25_ugm3.sum(),
                         "denominator": valid, "target": 35.0})  # fmt: skip
    share["state"] = np.select([share.value >= 90, share.value >= 80], ["green", "amber"], "red")
    mean["state"] = np.where(mean.value <= 35, "green", "red")
    out = pd.concat([share.reset_index(), mean.reset_index()], ignore_index=True)
    return out.assign(
        kpi_version="1.0.0",
        is_provisional=False,
        input_versions=json.dumps({"gold.agg_air_quality_daily": 0}),
    )


def operations(received: int) -> dict[str, pd.DataFrame]:
    """A few outcome, gate and receipt rows: one run that counts up, one gate that warns, one that fails."""
    at = datetime(2017, 3, 1, 1, tzinfo=UTC)
    outcome = {
        "run_id": "run-1",
        "dataset": "environment__air_quality",
        "seconds": 12.5,
        "state": "ok",
        "error": None,
    }
    counts = [("bronze", received, received, 0, 0, 0), ("silver", received, received - 30, 20, 10, 0)]
    runs = [outcome | {"stage": stage, "started_at": at + timedelta(minutes=i), "finished_at": at + timedelta(minutes=i, seconds=12),
                       "inputs": json.dumps({"bronze.environment__air_quality__prsa": 1}), "rows_in": rows, "accepted": accepted,
                       "duplicate": twice, "quarantined": held, "dead_letter": dead, "rows_out": accepted}
            for i, (stage, rows, accepted, twice, held, dead) in enumerate(counts)]  # fmt: skip
    gate = {
        "run_id": "run-1",
        "at": at,
        "dataset": "environment__air_quality",
        "table": "gold.agg_air_quality_daily",
    }
    gates = [gate | {"check": c, "kind": kind, "severity": severity, "passed": passed, "observed": seen, "expected": due, "message": text}
             for c, kind, severity, passed, seen, due, text in [
                 ("row_count", "aggregate", "error", True, "10200", "> 0", "The table holds rows."),
                 ("pm25_above_pm10", "aggregate", "warning", False, "2.1 %", "< 1 %", "PM2.5 is above PM10 more often than expected."),
                 ("freshness", "aggregate", "error", False, "40 h", "<= 26 h", "The newest day is older than promised.")]]  # fmt: skip
    receipts = [{"delivery_id": f"d{i}", "source_code": "environment__air_quality__prsa", "dataset": "environment__air_quality",
                 "file_name": f"PRSA_{i}.csv", "received_at": at + timedelta(minutes=i), "rows_received": received // 3}
                for i in range(3)]  # fmt: skip
    return {
        "ops.run_outcomes": pd.DataFrame(runs),
        "ops.gate_outcomes": pd.DataFrame(gates),
        "ops.delivery_receipts": pd.DataFrame(receipts),
    }


def tables(
    source: Path, station_count: int = 12, start: str = "2016-01-01", end: str = "2017-02-28"
) -> dict[str, pd.DataFrame]:
    """Every table of the fixture by name. `source` is a folder of PRSA CSV files (see `source_folder`)."""
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
        **operations(len(wide) * len(POLLUTANTS)),
    }


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """Arrow with microseconds in UTC, and text where a column is wholly empty (Delta has no null type)."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    types = {
        "null": pa.string(),
        "timestamp[ns]": pa.timestamp("us"),
        "timestamp[ns, tz=UTC]": pa.timestamp("us", "UTC"),
    }
    return table.cast(pa.schema([(f.name, types.get(str(f.type), f.type)) for f in table.schema]))


def write(data_home: Path, source: Path, **options) -> dict[str, int]:
    """Write the tables as Delta under `data_home`/tables/<layer>/<name>, replacing them; returns rows per table."""
    made = tables(source, **options)
    for name, frame in made.items():
        partition = ["event_month"] if "event_month" in frame else None
        location = data_home / "tables" / Path(*name.split(".", 1))
        write_deltalake(
            location, as_arrow(frame), mode="overwrite", schema_mode="overwrite", partition_by=partition
        )
    return {name: len(frame) for name, frame in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "home", type=Path, help="data home to write into (its tables of the same names are replaced)"
    )
    parser.add_argument("--source", type=Path, required=True, help="folder of PRSA CSV files")
    parser.add_argument("--stations", type=int, default=12)
    parser.add_argument("--start", default="2016-01-01")
    parser.add_argument("--end", default="2017-02-28")
    given = parser.parse_args()
    rows = write(given.home, given.source, station_count=given.stations, start=given.start, end=given.end)
    print("\n".join(f"{name}: {count:,} rows" for name, count in rows.items()))


if __name__ == "__main__":
    main()
