"""Texts of dates as departments write them."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from lakehouse.instants import days, instants


@pytest.mark.parametrize(
    ("text", "pattern", "day"),
    [
        ("20141201", "%Y%m%d", date(2014, 12, 1)),
        ("2014-12-01", "%Y%m%d", date(2014, 12, 1)),
        ("2014-12-01 00:00:00", "%Y%m%d", date(2014, 12, 1)),
        ("2014121", "%Y%m%d", None),
        ("20141301", "%Y%m%d", None),
        ("201412", "%Y%m", date(2014, 12, 1)),
        ("1.2.2014", "%d.%m.%Y", date(2014, 2, 1)),
        ("41974", "%Y%m%d", None),
        ("00141201", "%Y%m%d", None),
        (None, "%Y%m%d", None),
    ],
)
def test_a_day_by_its_pattern_or_iso_8601(text, pattern, day):
    assert days(pa.array([text], pa.string()), pattern).to_pylist() == [day]


@pytest.mark.parametrize(("text", "day"), [("41974", date(2014, 12, 1)), ("20141201", date(2014, 12, 1)), ("4197", None)])
def test_a_workbook_may_keep_the_number_of_a_day(text, day):
    """41974 is 2014-12-01 in Excel's calendar of 1900."""
    assert days(pa.array([text]), "%Y%m%d", has_day_numbers=True).to_pylist() == [day]


def test_instants_are_the_clock_of_the_zone():
    texts = pa.array(["20141201", "2014-12-01T08:00:00+00:00", "no"])
    found = instants(texts, "Asia/Shanghai", "%Y%m%d").to_pylist()
    assert found == [datetime(2014, 11, 30, 16, tzinfo=UTC), datetime(2014, 12, 1, 8, tzinfo=UTC), None]
