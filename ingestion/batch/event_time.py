"""Event time of received rows: wall-clock texts in the source's zone -> UTC instants."""

import contextlib
from datetime import datetime
from itertools import zip_longest

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.mapping import Time

MICROS = pa.timestamp("us")
UTC_MICROS = pa.timestamp("us", tz="UTC")
PARTS = (("-", "01"), ("-", "01"), ("T", "00"), (":", "00"), (":", "00"))
"""Before month, day, hour, minute and second of ISO 8601: the separator, and what a missing part is."""
FIRST_YEAR = 1000
"""A year of fewer digits is a slip: `16` is not the year 16."""


def observed_at(rows: pa.Table, time: Time) -> pa.Array:
    """UTC instants (timestamp[us, UTC]) of the rows; null where the text is no time that the calendar knows.

    An hour that daylight saving repeats is taken as the first, one that it skips as the next valid instant. A
    text that carries an offset of its own keeps it.
    """
    texts = pc.utf8_trim_whitespace(_joined(rows, time).combine_chunks())
    distinct = pc.unique(texts)
    read = [_instant(text, time.pattern) for text in distinct.to_pylist()]
    local = pa.array([None if t is None or t.tzinfo else t for t in read], MICROS)
    exact = pa.array([t if t is not None and t.tzinfo else None for t in read], UTC_MICROS)
    zoned = pc.assume_timezone(local, time.zone, ambiguous="earliest", nonexistent="latest")
    return pc.coalesce(exact, zoned.cast(UTC_MICROS)).take(pc.index_in(texts, value_set=distinct))


def _joined(rows: pa.Table, time: Time) -> pa.ChunkedArray:
    """One text column as it is; integer columns year, month, day, hour... as ISO 8601."""
    if len(time.columns) == 1:
        return rows[time.columns[0]]
    text, *rest = (pc.utf8_trim_whitespace(rows[column]) for column in time.columns)
    for (separator, missing), part in zip_longest(PARTS, rest):
        text = pc.binary_join_element_wise(text, missing if part is None else pc.utf8_lpad(part, 2, "0"), separator)
    return text


def _instant(text: str | None, pattern: str | None) -> datetime | None:
    """By the source's pattern, else ISO 8601, which is also how a date cell of a workbook is written."""
    readers = [datetime.fromisoformat]
    if pattern:
        readers.insert(0, lambda written: datetime.strptime(written, pattern))
    for read in readers if text else ():
        with contextlib.suppress(ValueError):
            if (instant := read(text)).year >= FIRST_YEAR:
                return instant
    return None
