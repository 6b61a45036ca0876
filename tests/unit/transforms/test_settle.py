"""Candidates, checks, winners, warnings and the hourly value of the kernel path, without an engine."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse.contracts import contracts
from lakehouse.numbers import parse_numbers
from quality.decisions import Decision
from tests.support.bronze_rows import RECEIVED, delivered, sent
from transforms.readings.candidates import candidates
from transforms.readings.hourly import hourly
from transforms.readings.settle import settle

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
PRSA, HJ212, NGSI = (contracts().sources[f"environment__air_quality__{s}"] for s in ("prsa", "hj212", "ngsi"))
READINGS = contracts()["environment__air_quality"]
DEVICE = "010000A8900016F000169DC0"


def settled(*bronze, decisions=None):
    rows = pa.concat_tables([candidates(table, source) for table, source in bronze])
    return settle(rows, READINGS, decisions or {})


def values(table) -> dict[str, object]:
    return {r["pollutant_code"]: r["value"] for r in table.to_pylist()}


def packet(items, at=AT, period="rtd", device=DEVICE, resent=False):
    return {"protocol": "hj212", "device": device, "observed_at": at, "period": period, "resent": resent, "items": items}


def test_columns_become_readings_in_canonical_units_and_missing_values_stay_as_rows():
    silver = settled((delivered([{"at": AT, "PM2.5": 35, "CO": 300}]), PRSA)).silver
    assert values(silver) == {"pm25": 35.0, "co": 0.3, "pm10": None, "so2": None, "no2": None, "o3": None}
    flags = {r["pollutant_code"]: r["flag"] for r in silver.to_pylist()}
    assert flags["pm25"] == "ok" and flags["o3"] == "missing"


def test_backfill_becomes_available_after_its_interval_and_the_declared_delay():
    row = settled((delivered([{"at": AT, "PM2.5": 35}]), PRSA)).silver.to_pylist()[0]
    assert row["_available_at"] == datetime(2016, 5, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("+2", 2.0),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1,5", None),
        ("NaN", None),
        ("inf", None),
        ("", None),
        ("0x1", None),
    ],
)
def test_numbers_are_plain_decimals(text, value):
    assert parse_numbers(pa.array([text])).to_pylist() == [value]


@pytest.mark.parametrize(
    ("row", "check", "field"),
    [
        ({"PM2.5": -1}, "value_not_negative", "value"),
        ({"PM2.5": "12a"}, "value_is_number", "value"),
        ({"PM2.5": 10001}, "value_below_physical_limit", "value"),
        ({"PM2.5": 5, "station": "Nowhere"}, "station_registered", "station_id"),
    ],
)
def test_a_bad_item_is_held_with_field_check_and_sentence(row, check, field):
    held = settled((delivered([{"at": AT, **row}]), PRSA)).quarantine.to_pylist()
    first = held[0]["checks"][0]
    assert (first["check"], first["field"]) == (check, field)
    assert first["message"].endswith(".")


@pytest.mark.parametrize(("ahead", "held"), [(timedelta(hours=1), 0), (timedelta(hours=1, seconds=1), 1)])
def test_a_reading_from_the_future_is_held(ahead, held):
    out = settled((delivered([{"at": RECEIVED + ahead, "PM2.5": 35}]), PRSA)).quarantine.to_pylist()
    assert [c["check"] for row in out for c in row["checks"]] == ["not_from_the_future"] * 6 * held


def test_a_bad_item_holds_the_item_and_not_its_record():
    out = settled((delivered([{"at": AT, "PM2.5": -1, "PM10": 20}]), PRSA))
    assert out.quarantine.num_rows == 1 and out.silver.num_rows == 5
    assert json.loads(out.quarantine["row"][0].as_py())["_as_sent"] == "-1"


@pytest.mark.parametrize(
    ("item", "check"),
    [
        ({"code": "zz9", "value": "1"}, "code_known"),
        ({"code": "a34004", "value": "1", "unit": "Cel"}, "unit_fits"),
        ({"code": "a34004", "value": "1", "flag": "Q"}, "flag_known"),
    ],
)
def test_unknown_codes_units_and_flags_of_a_device_are_held(item, check):
    held = settled((sent([packet([item])]), HJ212)).quarantine.to_pylist()
    assert [c["check"] for c in held[0]["checks"]] == [check]


def test_units_sent_by_the_device_are_converted():
    item = {"code": "no2", "value": "0.069", "unit": "GP"}
    bronze = sent([{**packet([item], device="28079004-Pza.deEspanya"), "protocol": "ngsi-v2"}])
    assert values(settled((bronze, NGSI)).silver) == {"no2": 69.0}


def test_the_winner_is_the_higher_revision_then_the_higher_rank_whatever_comes_first():
    old = delivered([{"at": AT, "PM2.5": 10}])
    new = delivered([{"at": AT, "PM2.5": 11}], delivery="d2", revision=1)
    for order in ([old, new], [new, old]):
        out = settled(*((t, PRSA) for t in order))
        assert values(out.silver)["pm25"] == 11.0 and out.superseded == 6


def test_equal_records_delivered_twice_give_one_row_and_one_hold():
    once = delivered([{"at": AT, "PM2.5": 10, "PM10": -3}])
    twice = delivered([{"at": AT, "PM2.5": 10, "PM10": -3}], delivery="d2")
    out = settled((once, PRSA), (twice, PRSA))
    assert out.silver.num_rows == 5 and out.quarantine.num_rows == 1


def test_a_late_mark_corrects_the_first_value():
    first = packet([{"code": "a34004", "value": "10"}])
    again = packet([{"code": "a34004", "value": "12"}], resent=True)
    assert values(settled((sent([again, first]), HJ212)).silver) == {"pm25": 12.0}


def test_warnings_name_the_rules_and_keep_the_row():
    silver = settled((delivered([{"at": AT, "PM2.5": 999, "PM10": 50, "SO2": 1}]), PRSA)).silver.to_pylist()
    warned = {r["pollutant_code"]: r["_warnings"] for r in silver}
    assert warned["pm25"] == "pm25_below_instrument_cap,pm25_not_above_pm10"
    assert warned["pm10"] == "pm25_not_above_pm10" and warned["so2"] is None


def decision(kind, hold_id, **changes):
    return Decision(READINGS.id, hold_id, kind, changes, "why", "steward", AT, None, AT)


def test_a_fix_and_a_waiver_change_exactly_their_rows():
    bronze = delivered([{"at": AT, "PM2.5": -1, "SO2": -2, "NO2": 4}])
    before = settled((bronze, PRSA))
    fixed, waived = sorted(r["_hold_id"] for r in before.quarantine.to_pylist())
    standing = {fixed: decision("fix", fixed, value=1.0), waived: decision("waive", waived)}
    after = settled((bronze, PRSA), decisions=standing)
    old = {(r["pollutant_code"]): r for r in before.silver.to_pylist()}
    new = {(r["pollutant_code"]): r for r in after.silver.to_pylist()}
    assert after.quarantine.num_rows == 0
    assert {k for k in new if new[k] != old.get(k)} == {"pm25", "so2"}
    assert new["pm25"]["value"] == 1.0 and new["so2"]["value"] == -2.0 and new["so2"]["_warnings"] == "waived"


def test_a_waiver_does_not_let_a_row_without_a_key_pass():
    bronze = delivered([{"at": AT, "PM2.5": 5, "station": "Nowhere"}])
    held = settled((bronze, PRSA)).quarantine["_hold_id"].to_pylist()
    after = settled((bronze, PRSA), decisions={h: decision("waive", h) for h in held})
    assert after.silver.num_rows == 0 and after.quarantine["_hold_id"].to_pylist() == held


def test_held_rows_are_partitioned_like_silver():
    by_day = replace(READINGS, partition="_event_date")
    out = settle(candidates(delivered([{"at": AT, "PM2.5": -1}]), PRSA), by_day, {})
    assert out.quarantine["_event_date"].to_pylist() == [AT.date()] == out.silver["_event_date"].unique().to_pylist()


def test_an_hour_reading_wins_over_minutes_and_minutes_over_instants():
    hours = contracts()["environment__air_quality_hourly"]
    pm = [{"code": "a34004", "value": v} for v in ("10", "20", "30", "99")]
    readings = [
        packet([pm[0]], AT, "minute"), packet([pm[1]], AT.replace(minute=10), "minute"),
        packet([pm[3]], AT.replace(minute=20), "rtd"),
        packet([pm[2]], AT.replace(hour=4), "hour"), packet([pm[3]], AT.replace(hour=4, minute=5), "minute"),
    ]  # fmt: skip
    rows = hourly(settled((sent(readings), HJ212)).silver, hours).to_pylist()
    got = [(r["hour_at"].hour, r["value"], r["minutes_valid"], r["period_used"]) for r in rows]
    assert got == [(3, 15.0, 20, "minute"), (4, 30.0, 60, "hour")]


def test_only_readings_flagged_ok_count_for_the_hour():
    hours = contracts()["environment__air_quality_hourly"]
    readings = [packet([{"code": "a34004", "value": "10", "flag": "C"}], AT, "hour")]
    row = hourly(settled((sent(readings), HJ212)).silver, hours).to_pylist()[0]
    assert row["value"] is None and row["minutes_valid"] == 0
