"""Any order of deliveries, and any number of runs between them, gives gold tables with the same checksums."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse import pipeline, tables
from lakehouse.checksums import checksum
from lakehouse.session import register_tables
from tests.support import gold_lake
from tests.support.bronze_rows import sent
from tests.support.received import Gateway, deliver

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CLOCK = "2016-02-06T00:00:00Z"
STATIONS = ("Dongsi", "Aotizhongxin")
LOCAL_MIDNIGHT = datetime(2016, 1, 29, 16, tzinfo=UTC)  # 30 January in Beijing; the month changes a day and a half later
POLLUTANTS = {"PM2.5": 300, "PM10": 400, "SO2": 200, "NO2": 150, "CO": 5000, "O3": 250}
TABLES = {
    "agg_air_quality_daily", "agg_weather_hourly", "dim_date", "dim_industries", "dim_stations", "fct_air_quality_hourly",
    "fct_kpi_values",
}  # fmt: skip


def hours(first: datetime, count: int, station: str, seed: int) -> list[dict]:
    """Rows of a delivered file: concentrations and weather of consecutive hours."""
    dice = random.Random(seed)
    return [
        {"at": first + timedelta(hours=h), "station": station, "TEMP": dice.randint(-90, 90) / 10, "wd": dice.choice(["N", "SE"])}
        | {pollutant: dice.randint(2, top) for pollutant, top in POLLUTANTS.items()}
        for h in range(count)
    ]


FIRST = [row for seed, station in enumerate(STATIONS) for row in hours(LOCAL_MIDNIGHT, 96, station, seed)]
CORRECTED = hours(LOCAL_MIDNIGHT + timedelta(hours=40), 20, "Dongsi", seed=9)  # from 31 January into 1 February, in UTC and here
REPEATED = [*FIRST[60:130], *hours(LOCAL_MIDNIGHT + timedelta(hours=96), 3, "Dongsi", seed=3), FIRST[0] | {"PM10": -1, "No": 2}]
LATE = hours(LOCAL_MIDNIGHT - timedelta(days=40), 30, "Aotizhongxin", seed=4)  # the first of the year before


def packets(folder: Path) -> None:
    """A device of a station of its own, by the hour."""
    gate = Gateway(folder / "spool")
    times = [f"{LOCAL_MIDNIGHT + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ}" for h in range(48)]
    gate.send(*(gate.reading({"code": "a34004", "value": f"{h}.25"}, at=at) for h, at in enumerate(times)))


def weather(folder: Path) -> None:
    """Eight observations an hour."""
    dice = random.Random(5)
    observed = [
        {"device": "device-0A3478", "observed_at": LOCAL_MIDNIGHT + timedelta(minutes=7.5 * n), "period": "rtd",
         "items": [{"code": "temperature", "value": f"{dice.randint(-9000, 30000) / 1000}", "unit": None}]}
        for n in range(8 * 24)
    ]  # fmt: skip
    tables.append("bronze.environment__weather__ngsi", sent(observed))


DELIVERIES = {
    "first": lambda folder: deliver(folder, FIRST, "first.csv"),
    "corrected": lambda folder: deliver(folder, CORRECTED, "corrected.csv", revision=1),
    "repeated": lambda folder: deliver(folder, REPEATED, "repeated.csv"),
    "late": lambda folder: deliver(folder, LATE, "late.csv"),
    "packets": packets,
    "weather": weather,
}
ORDERS = {
    "a correction and a late month after gold was built": [("weather", "packets", "first"), ("corrected", "late", "repeated")],
    "the correction before what it corrects": [("corrected", "late"), ("repeated", "weather", "first", "packets")],
}
"""Deliveries of each pipeline run, in order."""


def built(spark, folder: Path, runs: list[tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Checksums of silver, held rows and gold after each pipeline run, which works when and only when something came."""
    with gold_lake.lake(spark, folder / "data", as_of=CLOCK):
        for names in runs:
            for name in names:
                DELIVERIES[name](folder)
            register_tables(spark)
            said: list[str] = []
            pipeline.run(("silver", "gold"), said.append)
            assert all("nothing new" in line for line in said) == (not names), said
            yield checksums()


def checksums() -> dict[str, str]:
    return {name: checksum(name) for layer in ("silver", "quarantine", "gold") for name in tables.names(layer)}


@pytest.fixture(scope="module")
def at_once(spark, tmp_path_factory) -> dict[str, str]:
    """All deliveries, then one run, then another one with nothing new."""
    first, again = built(spark, tmp_path_factory.mktemp("at-once"), [tuple(DELIVERIES), ()])
    assert first == again
    assert {name for name in first if name.startswith("gold.")} == {f"gold.{table}" for table in TABLES}
    return first


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_gives_the_same_gold(order, at_once, spark, tmp_path):
    *before, last = built(spark, tmp_path, ORDERS[order])
    assert last == at_once
    assert all(state.get("gold.fct_kpi_values") != last["gold.fct_kpi_values"] for state in before)
