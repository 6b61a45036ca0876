"""Ticks on round numbers, lines that break at gaps, names that do not overlap."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from portal.chart import NARROW, draw, nice_ticks, time_ticks
from portal.series import Point, Series

FIRST = datetime(2017, 2, 1)


def series(values, places=12, low=None, chosen=None) -> Series:
    points = [
        Point(FIRST + timedelta(days=n), v if low is None else low[n], v, v, chosen[n] if chosen else None)
        for n, v in enumerate(values)
    ]
    return Series(points, "day", places, "ug/m3")


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 302, [0, 100, 200, 300, 400]),
        (0, 5, [0, 1, 2, 3, 4, 5]),
        (0, 0.04, [0, 0.01, 0.02, 0.03, 0.04]),
        (-12, 31, [-20, -10, 0, 10, 20, 30, 40]),
        (7, 7, [7, 7.2, 7.4, 7.6, 7.8, 8]),
    ],
)
def test_value_ticks_are_round_and_hold_all_values(low, high, ticks):
    assert nice_ticks(low, high, 5) == ticks


def test_time_ticks_stand_on_the_first_of_months():
    ticks = time_ticks(datetime(2014, 12, 29), datetime(2017, 2, 27), 11)
    assert [text for _, text in ticks] == [
        "2015-01",
        "2015-04",
        "2015-07",
        "2015-10",
        "2016-01",
        "2016-04",
        "2016-07",
        "2016-10",
        "2017-01",
    ]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (2, ["02-01", "12:00", "02-02", "12:00", "02-03"]),
        (20, ["02-01", "02-08", "02-15"]),
        (4000, ["2018", "2020", "2022", "2024", "2026", "2028"]),
    ],
)
def test_time_ticks_fit_their_span(days, expected):
    assert [text for _, text in time_ticks(FIRST, FIRST + timedelta(days=days), 6)] == expected


def test_lines_break_where_a_value_is_missing():
    chart = draw(series([1.0, None, 3.0, 4.0]))
    assert chart.middle.count("M") == 2
    assert chart.band.count("Z") == 2


def test_one_place_has_no_range():
    assert draw(series([1.0, 2.0], places=1)).band == ""


def test_names_at_the_line_ends_keep_their_distance():
    labels = draw(series([5.0, 5.0], chosen=[5.0, 5.0])).labels
    assert {label.kind for label in labels} == {"chosen", "middle", "high"}
    heights = sorted(label.y for label in labels)
    assert all(b - a >= 15 for a, b in pairwise(heights))


def test_everything_lies_inside_the_drawing():
    chart = draw(series([0.0, 250.0, 17.0]), NARROW)
    assert all(0 <= dot.x <= chart.right and chart.top <= dot.y <= chart.bottom for dot in chart.dots)


def test_nothing_to_draw():
    assert draw(series([None, None])) is None
    assert draw(Series([], "day", 0, None)) is None
