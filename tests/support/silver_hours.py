"""Silver hours for tests of gold: rows as the silver step leaves them, written without an engine."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

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
    schema = arrow_schema(contracts()["environment__air_quality_hourly"])
    return tables.replace(TABLE, pa.Table.from_pylist(rows, schema), partition_by=["_event_month"])
