"""Silver hours for tests of gold: rows as the silver step leaves them, written without an engine."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema

TABLE = "silver.environment__air_quality_hourly"
BEIJING = ZoneInfo("Asia/Shanghai")


def hour(station: str, pollutant: str, hour_at: datetime, value: float | None, **other: object) -> dict:
    """One row of the hourly silver table; `hour_at` is aware, `other` replaces any column."""
    at = hour_at.astimezone(UTC)
    return {
        "station_id": station, "pollutant_code": pollutant, "hour_at": at, "value": value,
        "unit_code": "mg/m3" if pollutant == "co" else "ug/m3", "minutes_valid": 0 if value is None else 60,
        "period_used": "hour", "_record_id": "0" * 32, "_item_no": None, "_source_code": "test", "_data_origin": "test_vector",
        "_received_at": at, "_available_at": at, "_warnings": None, "_event_month": at.date().replace(day=1),
    } | other  # fmt: skip


def day(station: str, day_local: date, values: Mapping[str, Iterable[float | None]], zone: ZoneInfo = BEIJING) -> list[dict]:
    """The hours of one local day: per pollutant the values from hour 0 on."""
    return [
        hour(station, pollutant, datetime(day_local.year, day_local.month, day_local.day, h, tzinfo=zone), value)
        for pollutant, hours in values.items()
        for h, value in enumerate(hours)
    ]


def write(rows: list[dict]) -> int:
    """Replace the hourly silver table by these rows; returns its version."""
    return tables.replace(TABLE, as_arrow(rows), partition_by=["_event_month"])


def as_arrow(rows: list[dict]) -> pa.Table:
    return as_rows(rows, "environment__air_quality_hourly")


def as_rows(rows: list[dict], dataset: str) -> pa.Table:
    """Rows of any dataset as Arrow; columns not given are null."""
    return pa.Table.from_pylist(rows, arrow_schema(contracts()[dataset]))


def local(year: int, month: int, day: int, hour: int) -> datetime:
    """A moment of Beijing's clock as UTC."""
    return datetime(year, month, day, hour, tzinfo=BEIJING).astimezone(UTC)


PRSA_COLUMNS = {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3"}


def prsa(folder: Path, stations: Collection[str] = (), first: str = "2013-03-01", last: str = "2017-02-28") -> pd.DataFrame:
    """PRSA files (hours of UTC+8, CO in ug/m3) as hourly silver rows; stations by lower-case name, none = all."""
    found = []
    for path in sorted(folder.glob("PRSA_Data_*.csv*")):
        name = path.name.split("_")[2].lower()
        if not stations or name in stations:
            found.append(_prsa_station(pd.read_csv(path, na_values="NA"), f"prsa-{name}", first, last))
    return pd.concat(found, ignore_index=True)


def _prsa_station(raw: pd.DataFrame, station: str, first: str, last: str) -> pd.DataFrame:
    local = pd.to_datetime(raw[["year", "month", "day", "hour"]])
    raw = raw.assign(hour_at=(local - pd.Timedelta(hours=8)).dt.tz_localize("UTC"), CO=raw["CO"] / 1000)
    raw = raw[(local >= first) & (local < pd.Timestamp(last) + pd.Timedelta(days=1))]
    long = raw.rename(columns=PRSA_COLUMNS).melt(["hour_at"], list(PRSA_COLUMNS.values()), "pollutant_code")
    at = long["hour_at"]
    return long.assign(
        station_id=station, unit_code=np.where(long.pollutant_code == "co", "mg/m3", "ug/m3"),
        minutes_valid=np.where(long.value.isna(), 0, 60), period_used="hour", _record_id="0" * 32, _item_no=0,
        _source_code="environment__air_quality__prsa", _data_origin="public_reference", _received_at=at, _available_at=at,
        _warnings=None, _event_month=at.dt.tz_localize(None).to_numpy().astype("datetime64[M]"),
    )  # fmt: skip


def write_frame(frame: pd.DataFrame) -> int:
    """Replace the hourly silver table by a frame of such rows; returns its version."""
    schema = arrow_schema(contracts()["environment__air_quality_hourly"])
    frame = frame.assign(_event_month=frame["_event_month"].dt.date)
    rows = pa.Table.from_pandas(frame[schema.names], schema=schema, preserve_index=False)
    return tables.replace(TABLE, rows, partition_by=["_event_month"])
