"""One scenario table proves that the kernel and the SQL path agree, on readings and on their checks."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from quality.decisions import decide
from tests.support.bronze_rows import RECEIVED, delivered, sent
from transforms import slices

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
READINGS = contracts()["environment__air_quality"]
DEVICE = "010000A8900016F000169DC0"

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def packet(at, *items, period="hour", device=DEVICE, resent=False):
    keys = ("code", "value", "unit", "flag")
    return {
        "device": device, "observed_at": at, "period": period, "resent": resent,
        "items": [dict(zip(keys, item, strict=False)) for item in items],
    }  # fmt: skip


REFUSED = {"code": "a34004", "value": True, "unit": None, "reason": "value true is not a number (item a34004)."}
SCENARIOS_COLUMNS = [
    {"at": AT, "PM2.5": 35, "PM10": 50, "SO2": 1.5, "CO": 300},
    {"at": AT.replace(hour=4), "PM2.5": 999, "PM10": 50},
    {"at": AT.replace(hour=5), "PM2.5": -1, "NO2": "12a", "O3": "+7"},
    {"at": AT.replace(hour=6), "PM2.5": 10, "station": "Nowhere"},
    {"at": AT.replace(hour=7), "PM2.5": 20000},
    {"at": AT.replace(month=6), "PM2.5": 7},
    {"at": AT.replace(hour=8), "PM2.5": 10},
    {"at": RECEIVED + timedelta(hours=2), "PM2.5": 10},
]
CORRECTED = [{"at": AT.replace(hour=8), "PM2.5": 12}]
SCENARIOS_ITEMS = [
    packet(AT, ("a34004", "35.2", None, "N"), ("a21005", "1.2", None, "N"), ("a01001", "12.5", None, "N")),
    packet(AT.replace(hour=4), ("a34004", "40", None, "C"), ("a34002", None, None, "D"), ("zz", "1", None, "N")),
    packet(AT.replace(hour=5), ("a34004", "0.04", "mg/m3", "N"), ("a34002", "60", "Cel", "N"), ("a21026", "5", "GQ", "X")),
    packet(AT.replace(hour=6), ("a34004", "50", None, "N")),
    packet(AT.replace(hour=6), ("a34004", "51", None, "N"), resent=True),
    packet(AT.replace(hour=7), ("a34004", "9", None, "N"), device="UNKNOWN"),
    packet(AT.replace(hour=8), ("a34004", "9", None, "N"), period="weekly"),
    packet(AT.replace(hour=9), ("a34002", "9", None, "N")) | {"meta": {"refused_items": [REFUSED]}},
]


@pytest.fixture
def bronze(spark_lake):
    prsa = pa.concat_tables(
        [delivered(SCENARIOS_COLUMNS), delivered(SCENARIOS_COLUMNS, "d2"), delivered(CORRECTED, "d3", revision=1)]
    )
    tables.append("bronze.environment__air_quality__prsa", prsa)
    tables.append("bronze.environment__air_quality__hj212", sent(SCENARIOS_ITEMS))


def rows(name: str) -> list[dict]:
    out = tables.read(name).to_pylist()
    for row in out:
        if "row" in row:
            row["row"] = {k: v for k, v in json.loads(row["row"]).items() if v is not None and k != "observed_at"}
    return sorted(out, key=lambda r: (r["_record_id"], r["_item_no"]))


def test_kernel_and_sql_path_agree(bronze):
    from transforms.readings import run as kernel
    from transforms.sql import run as sql

    plan = slices.resolve(READINGS, contracts())
    assert plan["slices"] == ["2016-05-01", "2016-06-01", "2017-03-01"]
    results = {}
    for name, engine in (("kernel", kernel), ("sql", sql)):
        engine.run(plan)
        results[name] = {t: rows(t) for t in (READINGS.table, f"quarantine.{READINGS.id}")}
    for table, expected in results["kernel"].items():
        assert results["sql"][table] == expected, table
    held = {c["check"] for r in results["kernel"][f"quarantine.{READINGS.id}"] for c in r["checks"]}
    assert held == {
        "value_not_negative", "value_is_number", "station_registered", "value_below_physical_limit", "code_known", "unit_fits",
        "flag_known", "period_known", "item_refused", "not_from_the_future",
    }  # fmt: skip


def test_decisions_change_exactly_their_rows_on_both_paths(bronze):
    from transforms.readings import run as kernel
    from transforms.sql import run as sql

    kernel.run(slices.resolve(READINGS, contracts()))
    before = {(r["_record_id"], r["_item_no"]): r for r in rows(READINGS.table)}
    held = {c["check"]: r for r in rows(f"quarantine.{READINGS.id}") for c in r["checks"]}
    fix, waive = held["value_is_number"], held["value_not_negative"]
    decide(READINGS.id, fix["_hold_id"], "fix", "typing error, 12 confirmed by the station", fix["observed_at"], {"value": 12.0})
    until = datetime(2999, 1, 1, tzinfo=UTC)
    decide(READINGS.id, waive["_hold_id"], "waive", "offset of the instrument, agreed", waive["observed_at"], expires_at=until)
    plan = slices.resolve(READINGS, contracts())
    assert plan["slices"] == ["2016-05-01"] and not plan["whole"]
    after = {}
    for name, engine in (("kernel", kernel), ("sql", sql)):
        engine.run(plan)
        after[name] = {(r["_record_id"], r["_item_no"]): r for r in rows(READINGS.table)}
    assert after["kernel"] == after["sql"]
    changed = {key for key, row in after["kernel"].items() if before.get(key) != row}
    assert changed == {(r["_record_id"], r["_item_no"]) for r in (fix, waive)}
    assert outcomes.last_inputs("silver", READINGS.id)["decisions"].keys() == {fix["_hold_id"], waive["_hold_id"]}
    assert slices.resolve(READINGS, contracts()) == {}
