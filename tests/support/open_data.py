"""A small lake made by hand for tests of releases and pages: two stations, three days, two rule versions.

The figures are written out here, so a test can say what must come out. Contracts are built in memory: a test that
needs a broken one replaces a part of it.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.contracts import Contracts, Dataset, Field, Source

READERS = (
    "publishing.release.plan",
    "publishing.serving",
    "publishing.labels",
    "portal.open_data",
    "portal.pages.templates_download",
)
UTC_TIME = pa.timestamp("us", tz="UTC")
STATIONS = ("prsa-dongsi", "prsa-shunyi")
DAYS = (date(2017, 2, 26), date(2017, 2, 27), date(2017, 2, 28))
PM25 = {"prsa-dongsi": (12.0, 35.5, 110.0), "prsa-shunyi": (9.0, None, 80.25)}
RULES = (("HJ 633-2012", True), ("HJ 633-2026", False))


def field(name: str, kind: str = "string", key: bool = False, **more: Any) -> Field:
    base = Field(
        name,
        kind,
        key,
        key,
        f"About {name}.",
        name.replace("_", " ").capitalize(),
        f"列 {name}",
        None,
        "public",
        None,
        None,
        (),
        None,
        {},
    )
    return replace(base, **more)


def dataset(identifier: str, fields: list[Field], **more: Any) -> Dataset:
    base = Dataset(
        id=identifier, version="1.0.0", name_en=identifier.replace("_", " ").capitalize(), name_zh=f"数据集 {identifier}",
        description=f"What {identifier} is for.", grain="one row per key", domain="environment", layer="gold", engine="dbt",
        fields=tuple(fields), primary_key=tuple(f.name for f in fields if f.primary_key), rules=(), partition=None,
        publish=tuple(f.name for f in fields), owner="EEB", licence=None, theme="ENVI", tags=("air", "environment"),
        sla={}, origin=None, properties={}, path=f"contracts/products/environment/{identifier}.odcs.yaml",
    )  # fmt: skip
    return replace(base, **more)


def daily() -> Dataset:
    fields = [
        field("station_id", key=True), field("date_local", "date", key=True), field("rule_version", key=True),
        field("is_in_force", "boolean"), field("pm25_ugm3", "number", unit="ug/m3", name_en="PM2.5", name_zh="细颗粒物"),
        field("aqi", "integer"), field("primary_pollutants"), field("is_provisional", "boolean"), field("data_origin"),
        field("held_by", classification="internal"),
    ]  # fmt: skip
    return dataset("agg_air_quality_daily", fields, publish=tuple(f.name for f in fields if f.name != "held_by"))


def hourly() -> Dataset:
    fields = [
        field("station_id", key=True),
        field("hour_at", "timestamp", key=True),
        field("value", "number", unit="ug/m3"),
        field("data_origin"),
    ]
    return dataset("fct_air_quality_hourly", fields)


def stations() -> Dataset:
    return dataset(
        "dim_stations",
        [field("station_id", key=True), field("name_en"), field("name_zh"), field("data_origin")],
    )


def source(**more: Any) -> Source:
    body = {
        "source": "environment__air_quality__prsa", "bronze": "environment__air_quality__prsa",
        "feeds": "environment__air_quality",
        "kind": "batch", "shape": "columns", "origin": "public_reference", "licence": "CC-BY-4.0", "rank": 10,
        "attribution": "Zhang, S. et al. (2017). Proc. R. Soc. A 473:20170457.",
        "format": {"type": "csv"}, "station": {"from": "station", "issuer": "prsa"}, "measures": {"PM2.5": {"becomes": "pm25"}},
        "columns": ["year", "PM2.5", "station"], "description": "Beijing 2013-2017.",
    }  # fmt: skip
    return Source.model_validate({**body, **more})


def catalogue_of(*datasets: Dataset, sources: tuple[Source, ...] = ()) -> Contracts:
    """Contracts of a lake that holds these gold datasets, fed by the sources (the Beijing one when none is given)."""
    rows = {"fields": [field("station_id", key=True)], "layer": "silver", "publish": ()}
    hours = dataset("environment__air_quality_hourly", **rows, properties={"madeFrom": ["environment__air_quality"]})
    weather = dataset("environment__weather", **rows)
    every = (dataset("environment__air_quality", **rows), hours, weather, *(datasets or (daily(), hourly(), stations())))
    return Contracts({d.id: d for d in every}, {s.source: s for s in (sources or (source(),))})


def use(monkeypatch: pytest.MonkeyPatch, catalogue: Contracts) -> None:
    """Let releases, serving file and portal work with these contracts instead of the checkout's."""
    for module in READERS:
        monkeypatch.setattr(f"{module}.contracts", lambda: catalogue)


def daily_rows(changes: dict[tuple[str, date], float] | None = None, skip: tuple[str, date] | None = None) -> pa.Table:
    """gold.agg_air_quality_daily; `changes` replaces PM2.5 of a station and day, `skip` leaves one out."""
    rows = [
        {"station_id": s, "date_local": day, "rule_version": rule, "is_in_force": in_force,
         "pm25_ugm3": (changes or {}).get((s, day), PM25[s][n]), "aqi": 20 * (n + 1) if PM25[s][n] is not None else None,
         "primary_pollutants": "pm25,pm10" if n == 2 else None, "is_provisional": n == 2, "data_origin": "public_reference",
         "held_by": "desk 4"}
        for s in STATIONS for n, day in enumerate(DAYS) for rule, in_force in RULES if (s, day) != skip
    ]  # fmt: skip
    kinds = {
        "date_local": pa.date32(),
        "is_in_force": pa.bool_(),
        "pm25_ugm3": pa.float64(),
        "aqi": pa.int32(),
        "is_provisional": pa.bool_(),
    }
    return pa.Table.from_pylist(rows[::-1], pa.schema([(c, kinds.get(c, pa.string())) for c in rows[0]]))


def hourly_rows(hours: int = 48, start: datetime = datetime(2017, 2, 27, tzinfo=UTC)) -> pa.Table:
    rows = [{"station_id": s, "hour_at": start + timedelta(hours=h), "value": float(h % 24), "data_origin": "public_reference"}
            for h in range(hours) for s in STATIONS]  # fmt: skip
    return pa.Table.from_pylist(
        rows,
        pa.schema(
            [
                ("station_id", pa.string()),
                ("hour_at", UTC_TIME),
                ("value", pa.float64()),
                ("data_origin", pa.string()),
            ]
        ),
    )


def station_rows() -> pa.Table:
    return pa.table(
        {
            "station_id": list(STATIONS),
            "name_en": ["Dongsi", "Shunyi"],
            "name_zh": ["东四", "顺义新城"],
            "data_origin": ["public_reference"] * 2,
        }
    )


def fill(daily_table: pa.Table | None = None) -> None:
    """Write the lake of this module into the data home of the settings."""
    tables.replace("bronze.environment__air_quality__prsa", pa.table({"station": ["Dongsi"]}))
    tables.replace("gold.dim_stations", station_rows())
    tables.replace("gold.fct_air_quality_hourly", hourly_rows())
    tables.replace("gold.agg_air_quality_daily", daily_rows() if daily_table is None else daily_table)
