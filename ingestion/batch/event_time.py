"""Event time of received rows: wall-clock texts in the source's zone -> UTC instants."""

from itertools import zip_longest

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.mapping import Time
from lakehouse.instants import instants

PARTS = (("-", "01"), ("-", "01"), ("T", "00"), (":", "00"), (":", "00"))
"""Before month, day, hour, minute and second of ISO 8601: the separator, and what a missing part is."""


def observed_at(rows: pa.Table, time: Time, has_day_numbers: bool = False) -> pa.Array:
    """UTC instants (timestamp[us, UTC]) of the rows; null where the text is no time that the calendar knows.

    By the source's pattern, else ISO 8601, which is also how a date cell of a workbook is written.
    """
    texts = pc.utf8_trim_whitespace(_joined(rows, time).combine_chunks())
    return instants(texts, time.zone, time.pattern, has_day_numbers)


def _joined(rows: pa.Table, time: Time) -> pa.ChunkedArray:
    """One text column as it is; integer columns year, month, day, hour... as ISO 8601."""
    if len(time.columns) == 1:
        return rows[time.columns[0]]
    text, *rest = (pc.utf8_trim_whitespace(rows[column]) for column in time.columns)
    for (separator, missing), part in zip_longest(PARTS, rest):
        text = pc.binary_join_element_wise(text, missing if part is None else pc.utf8_lpad(part, 2, "0"), separator)
    return text
