"""Held rows from the command line: what is held, which fix or waiver is taken, which is refused and why."""

import getpass
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from lakehouse import tables
from quality import _cli, decisions, held_rows, replay
from tests.support.received import HJ212, Gateway, deliver
from tests.support.silver_lake import build

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
AIR = "environment__air_quality"
BAD = [
    {"at": AT, "PM2.5": "12a", "PM10": 50},
    {"at": AT.replace(hour=4), "PM2.5": -1},
    {"at": AT.replace(hour=5), "PM2.5": 5, "station": "Nowhere"},
]


@pytest.fixture
def lake(home, tmp_path):
    deliver(tmp_path, BAD)
    gate = Gateway(tmp_path / "spool")
    gate.send(gate.reading({"code": "zz9", "value": "1"}, {"code": "a34004", "value": "40", "unit": "Cel"}))
    build()
    return home


def lake_quarantine(*words: str) -> str:
    """Output of the command; its error message when it fails."""
    result = CliRunner().invoke(_cli.app, words)
    return str(result.exception) if result.exit_code else result.output


def held(check: str) -> held_rows.HeldRow:
    return held_rows.held(check=check)[0]


def silver(row: held_rows.HeldRow) -> list[tuple]:
    record, _, item = row.hold_id.partition("#")
    rows = tables.read(f"silver.{AIR}").to_pylist()
    return [
        (r["pollutant_code"], r["value"], r["unit_code"], r["_warnings"])
        for r in rows
        if (r["_record_id"], str(r["_item_no"])) == (record, item)
    ]


def test_counts_per_check_come_with_the_business_sentence(lake):
    lines = lake_quarantine("list").splitlines()
    assert lines[0].split(None, 3) == ["6", "station_registered", f"{AIR}:", "The device or station is on no station list."]
    assert any(
        line.split(None, 3) == ["1", "value_not_negative", f"{AIR}:", "A concentration cannot be negative."] for line in lines
    )
    assert len([line for line in lines if "#" in line]) == 10


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (["--check", "value_is_number"], 1),
        (["--source", HJ212], 2),
        (["--dataset", AIR, "--limit", "3"], 3),
        (["--check", "no_such"], 0),
    ],
)
def test_the_list_is_filtered(lake, words, rows):
    assert len([line for line in lake_quarantine("list", *words).splitlines() if "#" in line]) == rows


def test_a_dataset_without_held_rows_is_told(lake):
    assert "No rows of dim_date are held" in lake_quarantine("list", "--dataset", "dim_date")


def test_a_row_is_found_by_the_beginning_of_its_id(lake):
    row = held("value_is_number")
    assert held_rows.find(row.hold_id[:8]) == row
    told = lake_quarantine("show", row.hold_id[:8])
    assert "as sent = 12a" in told and "fails value_is_number on value: 12a is not a number" in told
    assert "write at least 8 characters" in lake_quarantine("show", row.hold_id[:7])
    assert "No held row 00000000" in lake_quarantine("show", "00000000")
    six = held("station_registered").hold_id.split("#")[0]
    assert "begins the ids of 6 held rows" in lake_quarantine("show", six)


def test_a_fix_is_recorded_with_name_and_reason_and_reaches_silver(lake):
    row = held("value_is_number")
    assert "Recorded" in lake_quarantine("fix", row.hold_id, "--set", "value=12", "--reason", "typing error")
    (decision,) = decisions.history(AIR)
    assert (decision.decided_by, decision.reason, decision.changes) == (getpass.getuser(), "typing error", {"value": 12.0})
    assert "Silver does not know of it yet: `lake quarantine preview`" in lake_quarantine("show", row.hold_id)
    build()
    assert silver(row) == [("pm25", 12.0, "ug/m3", None)]
    told = lake_quarantine("show", row.hold_id)
    assert "is held no longer" in told and "typing error" in told


@pytest.mark.parametrize(
    ("check", "changes", "refusal"),
    [
        ("value_not_negative", ["value=-5"], "A concentration cannot be negative."),
        ("value_not_negative", ["value=20000"], "Above 10,000 in the pollutant's unit"),
        ("value_not_negative", ["value=12a"], "value is a plain decimal number"),
        ("value_not_negative", ["value="], "A reading without a value cannot be flagged ok."),
        ("value_not_negative", ["value=5", "flag=good"], "The state of a reading is one of those"),
        ("value_not_negative", ["observed_at=2016-05-01"], "write column=value with one of station_id, pollutant_code"),
        ("value_not_negative", ["value"], "write column=value"),
        ("value_not_negative", ["value=5", "unit_code=mg/m3"], "pm25 is kept in ug/m3; convert the value"),
        ("value_is_number", ["flag=ok"], "is not a number; fix the value or waive the row. Set value."),
        ("station_registered", ["station_id=prsa-atlantis"], "prsa-atlantis is not in the list of stations"),
        ("station_registered", ["value=5"], "Nowhere is no registered device"),
        ("code_known", ["pollutant_code=pm25"], "unit_code must be present."),
        ("code_known", ["pollutant_code=gold", "unit_code=ug/m3"], "gold is not in the list of pollutants"),
        ("unit_fits", ["value=40"], "Set unit_code."),
    ],
)
def test_a_fix_that_still_breaks_a_rule_is_refused_with_the_sentence(lake, check, changes, refusal):
    words = [w for change in changes for w in ("--set", change)]
    assert refusal in lake_quarantine("fix", held(check).hold_id, *words, "--reason", "because")
    assert decisions.history(AIR) == []


@pytest.mark.parametrize(
    ("check", "changes", "reading"),
    [
        ("value_not_negative", ["value=", "flag=fault"], ("pm25", None, "ug/m3", None)),
        ("station_registered", ["station_id=prsa-tiantan"], ("pm25", 5.0, "ug/m3", None)),
        ("code_known", ["pollutant_code=pm10", "unit_code=ug/m3"], ("pm10", 1.0, "ug/m3", None)),
        ("unit_fits", ["unit_code=ug/m3"], ("pm25", 40.0, "ug/m3", None)),
    ],
)
def test_a_fix_that_holds_reaches_silver(lake, check, changes, reading):
    row = held(check)
    lake_quarantine("fix", row.hold_id, *(w for change in changes for w in ("--set", change)), "--reason", "because")
    build()
    assert silver(row) == [reading]


def test_a_waiver_lets_the_row_pass_marked_until_it_ends(lake, monkeypatch):
    from lakehouse.settings import settings

    monkeypatch.setenv("LAKE_AS_OF", "2016-05-02T00:00:00Z")
    settings.cache_clear()
    row = held("value_not_negative")
    assert "Recorded" in lake_quarantine("waive", row.hold_id, "--reason", "known offset", "--until", "2016-05-10")
    build()
    assert silver(row) == [("pm25", -1.0, "ug/m3", "waived")]
    monkeypatch.setenv("LAKE_AS_OF", "2016-05-10T16:00:00Z")  # the day ends at 16:00 UTC in the business zone
    settings.cache_clear()
    build()
    assert silver(row) == [] and held("value_not_negative") == row


@pytest.mark.parametrize(
    ("check", "until", "refusal"),
    [
        ("station_registered", "2999-01-01", "The device or station is on no station list. Fix it instead"),
        ("code_known", "2999-01-01", "The code of the item is in no source mapping. Fix it instead"),
        ("unit_fits", "2999-01-01", "does not fit what is measured. Fix it instead"),
        ("value_not_negative", "2001-01-01", "A waiver needs an end in the future"),
        ("value_not_negative", "soon", "write a day such as 2026-12-31"),
        ("value_not_negative", "2999-01-01T00:00", "an instant with its zone"),
    ],
)
def test_a_waiver_that_nobody_can_answer_for_is_refused(lake, check, until, refusal):
    assert refusal in lake_quarantine("waive", held(check).hold_id, "--reason", "because", "--until", until)
    assert decisions.history(AIR) == []


def test_no_decision_without_a_reason(lake):
    row = held("value_not_negative")
    assert "A decision needs a reason" in lake_quarantine("fix", row.hold_id, "--set", "value=1", "--reason", " ")


def test_undo_brings_the_row_back_once(lake):
    row = held("value_is_number")
    lake_quarantine("fix", row.hold_id, "--set", "value=12", "--reason", "typing error")
    build()
    assert "Recorded" in lake_quarantine("undo", row.hold_id[:12], "--reason", "it was 21")
    build()
    assert silver(row) == [] and held("value_is_number") == row
    assert "No decision" in lake_quarantine("undo", row.hold_id, "--reason", "again")
    assert "Nothing was decided on ffffffff" in lake_quarantine("undo", "ffffffff", "--reason", "why")


def test_preview_says_what_silver_would_change_and_writes_nothing(lake):
    assert lake_quarantine("preview") == "Nothing would change.\n"
    row = held("value_is_number")
    lake_quarantine("fix", row.hold_id, "--set", "value=12", "--reason", "typing error")
    version = tables.version(f"silver.{AIR}")
    (changes,) = replay.preview(AIR)
    assert (changes.added, changes.removed, changes.changed) == (1, 0, 0)
    assert changes.rows[0].key == {"station_id": "prsa-dongsi", "pollutant_code": "pm25", "period": "hour", "observed_at": AT}
    assert changes.rows[0].columns["value"] == (None, 12.0)
    assert tables.version(f"silver.{AIR}") == version


def test_nothing_held_is_told_apart_from_nothing_checked(home, tmp_path):
    deliver(tmp_path, [{"at": AT, "PM2.5": 5}])
    assert lake_quarantine("list") == "Nothing has been checked yet; `lake run` checks what has landed.\n"
    build()
    assert lake_quarantine("list") == "No rows are held.\n"
