"""Figures as people read them."""

from datetime import UTC, date, datetime

import pytest

from portal.operation_records import without_paths
from portal.page import cell, count, day, moment, size, unit


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (163_165_670, "163.2 MB"), (2_500_000_000, "2.5 GB")]
)
def test_sizes(value, text):
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2017, 2, 28), "2017-02-28"),
        ("2017-02-28", "2017-02-28"),
        (datetime(2017, 2, 28, 15, tzinfo=UTC), "2017-02-28 23:00 UTC+8"),
        ("2017-02-28T16:00:00+00:00", "2017-03-01 00:00 UTC+8"),
        (datetime(2017, 2, 28, 23), "2017-02-28 23:00"),
        (None, "–"),
    ],
)
def test_moments_are_shown_in_the_citys_time(value, text):
    assert moment(value) == text


def test_small_things():
    assert day(datetime(2017, 2, 28, 16, tzinfo=UTC)) == "2017-03-01"
    assert (count(1234567), count(None)) == ("1,234,567", "–")
    assert [cell(v) for v in (None, True, 35.5, 1 / 3, "x", 7)] == ["–", "✓", "35.5", "0.333333", "x", "7"]
    assert (unit("ug/m3"), unit(None), unit("hPa")) == ("µg/m³", "", "hPa")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No such file: /srv/lake/.lake/data/x.csv", "No such file: …"),
        ("C:/Users/me/lake failed", "… failed"),
        ("3/4 of the rows", "3/4 of the rows"),
        (None, None),
    ],
)
def test_paths_of_the_machine_are_not_shown(text, shown):
    assert without_paths(text) == shown
