"""Fixes of a delivered weather row: several columns, of which more than one may have been sent as no number."""

import json
from datetime import UTC, datetime

import pytest

from quality.fixes import broken_after, fixable, typed
from quality.held_rows import HeldRow

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
# TEMP, PRES, DEWP, RAIN, wd, WSPM in the order of the source mapping
SENT = ["abc", "1010", "5.0", "0", "NEE", "1.5"]


UNREAD = {"temp_c": "abc", "wind_deg": "NEE"}


def row(**columns) -> HeldRow:
    read = {
        "station_id": "prsa-dongsi",
        "temp_c": None,
        "press_hpa": 1010.0,
        "dew_point_c": 5.0,
        "rain_mm": 0.0,
        "wind_deg": None,
    }
    told = " is not a number; fix the value or waive the row."
    checks = tuple({"check": "value_is_number", "field": field, "message": sent + told} for field, sent in UNREAD.items())
    shown = {**read, "wind_ms": 1.5, "_as_sent": json.dumps(SENT), **columns}
    return HeldRow("environment__weather", "0" * 32 + "#0", "environment__weather__prsa", "d1", AT, checks, shown)


def test_all_measured_columns_may_be_fixed_and_no_time():
    assert {"temp_c", "wind_deg", "station_id"} <= fixable(row().contract).keys()
    assert "observed_at" not in fixable(row().contract)


def test_every_column_that_cannot_be_read_is_asked_for():
    assert broken_after(row(), {"temp_c": 12.0}) == ["NEE is not a number; fix the value or waive the row. Set wind_deg."]
    assert broken_after(row(), {"temp_c": 12.0, "wind_deg": 67.5}) == []
    assert broken_after(row(), {"temp_c": 12.0, "wind_deg": None}) == []


@pytest.mark.parametrize(("value", "holds"), [(60.0, True), (60.1, False), (-60.0, True), (-60.1, False)])
def test_a_fixed_value_must_lie_in_the_range_of_its_column(value, holds):
    assert (broken_after(row(), {"temp_c": value, "wind_deg": 0.0}) == []) is holds


def test_a_warning_rule_does_not_refuse_a_fix():
    """The dew point of 5 lies above the temperature: told as a warning in silver, and passed."""
    assert broken_after(row(), {"temp_c": 2.0, "wind_deg": 0.0}) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("temp_c=1e1", 10.0), ("temp_c= -3.5 ", -3.5), ("temp_c=", None), ("station_id=prsa-tiantan", "prsa-tiantan")],
)
def test_values_take_the_type_of_their_column(text, value):
    assert list(typed(row().contract, [text]).values()) == [value]


@pytest.mark.parametrize("text", ["temp_c=1,5", "temp_c=NaN", "temp_c=inf", "temp_c=0x1", "temp_c=1_000"])
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(ValueError, match="temp_c is a plain decimal number"):
        typed(row().contract, [text])
