"""Wall-clock texts in a source's own zone become UTC instants, or none when no calendar knows them."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from ingestion.batch.event_time import observed_at
from lakehouse.contracts.mapping import Time


def instants(texts: list[str | None], zone: str = "Etc/UTC", pattern: str | None = None) -> list[datetime | None]:
    time = Time.model_validate({"from": ["t"], "zone": zone, "pattern": pattern})
    return observed_at(pa.table({"t": pa.array(texts, pa.string())}), time).to_pylist()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Asia/Shanghai", "2016-05-01 00:00", utc(2016, 4, 30, 16)),
        ("Etc/GMT+5", "2012-07-01 12:00", utc(2012, 7, 1, 17)),  # POSIX sign: five hours behind Greenwich
        ("America/Montreal", "2012-07-01 12:00", utc(2012, 7, 1, 16)),
        ("Europe/Madrid", "2016-03-27 01:59", utc(2016, 3, 27, 0, 59)),
        (
            "Europe/Madrid",
            "2016-03-27 02:30",
            utc(2016, 3, 27, 1),
        ),  # does not exist: the next instant that does
        ("Europe/Madrid", "2016-03-27 03:00", utc(2016, 3, 27, 1)),
        ("Europe/Madrid", "2016-10-30 02:30", utc(2016, 10, 30, 0, 30)),  # is there twice: the first
        ("Europe/Madrid", "2016-10-30 03:00", utc(2016, 10, 30, 2)),
        ("Europe/Madrid", "2016-03-27T02:30:00+01:00", utc(2016, 3, 27, 1, 30)),
        ("Europe/Madrid", "2016-03-27T02:30:00Z", utc(2016, 3, 27, 2, 30)),
    ],
)
def test_a_local_time_is_read_in_its_zone(zone, text, expected):
    assert instants([text], zone) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-05-01T03:04:05", utc(2016, 5, 1, 3, 4, 5)),
        (" 2016-05-01 03:04:05.25 ", utc(2016, 5, 1, 3, 4, 5, 250_000)),
        ("2016-05-01", utc(2016, 5, 1)),
        ("2016-02-29 00:00", utc(2016, 2, 29)),
        ("2015-02-29 00:00", None),
        ("2016-02-30 00:00", None),
        ("2016-04-31 00:00", None),
        ("2016-05-01 24:00", None),
        ("2016-05-01 23:60", None),
        ("0016-05-01 00:00", None),
        ("01.05.2016 00:00", None),
        ("2016-05-01 03:00 x", None),
        ("", None),
        ("NA", None),
        (None, None),
    ],
)
def test_iso_8601_is_read_and_what_the_calendar_does_not_know_is_none(text, expected):
    assert instants([text, "2020-01-01"]) == [expected, utc(2020, 1, 1)]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%d.%m.%Y %H:%M", "01.02.2017 00:00", utc(2017, 1, 31, 16)),
        ("%d.%m.%Y %H:%M", "1.2.2017 8:05", utc(2017, 2, 1, 0, 5)),
        ("%d.%m.%Y %H:%M", "30.02.2017 00:00", None),
        ("%d.%m.%Y %H:%M", "01.02.17 00:00", None),
        ("%d.%m.%Y %H:%M", "2017-02-01 00:00", utc(2017, 1, 31, 16)),  # a date cell of a workbook
        ("%d.%m.%Y %H:%M", "2017/02/01 00:00", None),
        ("%Y-%m-%dT%H:%M:%S%z", "2017-02-01T00:00:00+0100", utc(2017, 1, 31, 23)),
        ("%m/%d/%Y %I:%M %p", "02/01/2017 08:00 PM", utc(2017, 2, 1, 12)),
    ],
)
def test_a_source_may_name_its_own_pattern(pattern, text, expected):
    assert instants([text], "Asia/Shanghai", pattern) == [expected]


def test_integer_columns_are_put_together_and_missing_parts_begin_the_period():
    rows = pa.table(
        {
            "y": ["2016", "2016", "16", "2016"],
            "m": ["2", " 12 ", "1", "2"],
            "d": ["29", "1", "1", "30"],
            "h": ["5"] * 4,
        }
    )
    parts = {n: Time.model_validate({"from": list("ymdh")[:n], "zone": "Asia/Shanghai"}) for n in (2, 3, 4)}
    assert observed_at(rows, parts[4]).to_pylist() == [
        utc(2016, 2, 28, 21),
        utc(2016, 11, 30, 21),
        None,
        None,
    ]
    assert observed_at(rows, parts[3]).to_pylist()[:2] == [utc(2016, 2, 28, 16), utc(2016, 11, 30, 16)]
    assert observed_at(rows, parts[2]).to_pylist()[0] == utc(2016, 1, 31, 16)
