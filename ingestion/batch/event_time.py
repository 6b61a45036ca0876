"""Event time of received rows: local wall-clock columns -> UTC instants, vectorised."""

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.model import Time

UTC_MICROS = pa.timestamp("us", tz="UTC")
PARTS = (("-", 2), ("-", 2), (" ", 2), (":", 2), (":", 2))


def observed_at(rows: pa.Table, time: Time) -> pa.Array:
    """UTC instants (timestamp[us, UTC]) of the rows; null where the text is no time.

    An hour that daylight saving repeats is taken as the first, one that it skips as the next valid instant.
    """
    text = _joined(rows, time) if len(time.columns) > 1 else rows[time.columns[0]].combine_chunks()
    naive = _parse(text, time.pattern)
    return pc.assume_timezone(naive, time.zone, ambiguous="earliest", nonexistent="latest").cast(UTC_MICROS)


def _joined(rows: pa.Table, time: Time) -> pa.Array:
    """Integer columns year, month, day, hour... -> `yyyy-mm-dd HH:MM:SS`; missing parts are zero."""
    year, *rest = (pc.utf8_trim_whitespace(rows[c]).combine_chunks() for c in time.columns)
    text = pc.utf8_lpad(year, 4, "0")
    for (separator, width), part in zip(PARTS, rest, strict=False):
        text = pc.binary_join_element_wise(text, pc.utf8_lpad(part, width, "0"), separator)
    for separator, width in PARTS[len(rest) :]:
        text = pc.binary_join_element_wise(text, "0" * width, separator)
    return text


def _parse(text: pa.Array, pattern: str | None) -> pa.Array:
    if pattern:
        return pc.strptime(text, format=pattern, unit="us", error_is_null=True)
    plain = pc.replace_substring(pc.utf8_trim_whitespace(text), "T", " ")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        parsed = pc.strptime(plain, format=form, unit="us", error_is_null=True)
        if form.endswith("%S"):
            first = parsed
    return pc.coalesce(first, parsed)
