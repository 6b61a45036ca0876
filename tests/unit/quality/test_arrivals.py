"""Periods that a source left out, told by the rhythm of its other deliveries."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from lakehouse import tables
from quality import arrivals

FIRST = date(2014, 12, 2)


def days(*numbers: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in numbers]


@pytest.mark.parametrize(
    ("delivered", "left_out"),
    [
        ((0, 1, 2, 3, 4), ()),
        ((0, 1, 2, 4, 5, 6), (3,)),
        ((0, 1, 2, 5, 6, 7), (3, 4)),
        ((0, 7, 14, 28, 35), (21,)),
        ((0, 7, 14, 21, 23), ()),
        ((0, 2, 3), ()),
        ((0, 31, 59, 90, 120), ()),
    ],
    ids=["daily", "one day", "two days", "a week", "a short last week", "too few for a rhythm", "month ends"],
)
def test_the_rhythm_tells_what_is_missing(delivered, left_out):
    assert arrivals.left_out(days(*delivered)) == days(*left_out)


def receipts(*given: tuple[str, date, str]) -> None:
    rows = [{"source": source, "period": day.isoformat(), "state": state} for source, day, state in given]
    tables.replace(arrivals.RECEIPTS, pa.Table.from_pylist(rows))


def test_files_without_rows_are_deliveries_and_refused_ones_are_not(home):
    daily = [("a", day, "empty" if n == 2 else "refused" if n == 3 else "landed") for n, day in enumerate(days(0, 1, 2, 3, 4, 5))]
    receipts(*daily, *(("b", day, "landed") for day in days(0, 1, 2, 3)))
    assert arrivals.missing() == [arrivals.Missing("a", days(3)[0])]
    found = arrivals.outcome()
    assert (found.passed, found.severity, found.observed) == (False, "warning", "1")
    assert "Not delivered: a of 2014-12-05" in found.message


def test_nothing_is_told_before_the_first_delivery(home):
    assert arrivals.outcome() is None and arrivals.missing() == []
