"""Texts of dates and times -> days and UTC instants; null where the text is none that the calendar knows."""
# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported, so no checker sees them)

import contextlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

MICROS = pa.timestamp("us")
UTC_MICROS = pa.timestamp("us", tz="UTC")
FIRST_YEAR = 1000
"""A year of fewer digits is a slip: `16` is not the year 16."""
DAY_ZERO = datetime(1899, 12, 30)
DAY_NUMBER = re.compile(r"[1-9]\d{4}")
"""How a workbook keeps the days from 1927 to 2173 when a cell lost its format: their number."""
HOURS_AHEAD = 1
"""How far a sender's clock may run ahead of ours."""
A_TIME = datetime(2014, 11, 12, 13, 14, 15)


def instants(texts: pa.Array, zone: str, pattern: str | None = None, has_day_numbers: bool = False) -> pa.Array:
    """UTC instants (timestamp[us, UTC]) of wall-clock texts of the zone.

    An hour that daylight saving repeats is taken as the first, one that it skips as the next valid instant. A
    text that carries an offset of its own keeps it.
    """
    distinct = pc.unique(texts)
    plain, read = _read(distinct, pattern, has_day_numbers)
    local = pa.array([None if t is None or t.tzinfo else t for t in read], MICROS)
    exact = pa.array([t if t is not None and t.tzinfo else None for t in read], UTC_MICROS)
    zoned = pc.assume_timezone(pc.coalesce(plain, local), zone, ambiguous="earliest", nonexistent="latest")
    return pc.coalesce(exact, zoned.cast(UTC_MICROS)).take(pc.index_in(texts, value_set=distinct))


def days(texts: pa.Array, pattern: str | None = None, has_day_numbers: bool = False) -> pa.Array:
    """Days (date32) of texts, as they are written: a time behind the day is left out."""
    distinct = pc.unique(texts)
    plain, read = _read(distinct, pattern, has_day_numbers)
    found = pc.coalesce(plain.cast(pa.date32(), safe=False), pa.array([t and t.date() for t in read], pa.date32()))
    return found.take(pc.index_in(texts, value_set=distinct))


def _read(texts: pa.Array, pattern: str | None, has_day_numbers: bool) -> tuple[pa.Array, list[datetime | None]]:
    """What the texts say: those written as the pattern would write them, read at once; and all others one by one.

    These by the pattern, as ISO 8601, and in workbooks as the number of a day.
    """
    plain = pa.nulls(len(texts), MICROS)
    readers = [datetime.fromisoformat, *([_numbered_day] if has_day_numbers else [])]
    if pattern:
        readers.insert(0, _by(pattern))
        if _has_no_gaps(pattern):
            said = pc.strptime(texts, format=pattern, unit="us", error_is_null=True)
            is_said = pc.and_(pc.equal(pc.strftime(said, pattern), texts), pc.greater_equal(pc.year(said), FIRST_YEAR))
            plain = pc.if_else(is_said, said, None)
    rest = pc.if_else(pc.is_null(plain), texts, None).to_pylist()
    return plain, [_instant(text, readers) for text in rest]


def _by(pattern: str) -> Callable[[str], datetime]:
    """Reads a text by the pattern; where nothing parts the figures, their count decides what they mean."""

    def read(text: str) -> datetime:
        if _has_no_gaps(pattern) and len(text) != len(A_TIME.strftime(pattern)):
            raise ValueError(text)
        return datetime.strptime(text, pattern)

    return read


@cache
def _has_no_gaps(pattern: str) -> bool:
    return A_TIME.strftime(pattern).isdecimal()


def _numbered_day(text: str) -> datetime:
    if not DAY_NUMBER.fullmatch(text):
        raise ValueError(text)
    return DAY_ZERO + timedelta(days=int(text))


def _instant(text: str | None, readers: list[Callable[[str], datetime]]) -> datetime | None:
    for read in readers if text else ():
        with contextlib.suppress(ValueError):
            if (instant := read(text or "")).year >= FIRST_YEAR:
                return instant
    return None
