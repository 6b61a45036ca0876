"""Texts of one column of a source -> values of the contract's type; which texts are none, and in words why.

Texts are trimmed and one of the source's words for missing is null; nothing else is changed: full-width letters, case
and blanks inside stay as sent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.contracts import Field, Source
from lakehouse.contracts.derive.schema import ARROW_TYPES
from lakehouse.contracts.mapping import PERIOD, Filling
from lakehouse.instants import days, instants
from lakehouse.numbers import converted, parse_integers, parse_numbers
from lakehouse.words import encoded

CHECKS = {
    "string": ("", ""),
    "integer": ("value_is_whole_number", "is no whole number"),
    "number": ("value_is_number", "is not a number"),
    "boolean": ("value_is_true_or_false", "is neither true nor false"),
    "date": ("value_is_date", "is no date"),
    "timestamp": ("value_is_time", "is no time"),
}
"""By logical type: the check that a text fails which does not read, and what is said of it."""
ON_THE_LIST = ("value_in_list", "is no code of the list")


@dataclass(frozen=True)
class Column:
    """Values (null where the text does not read), which rows have a text that does not, the check and words for those."""

    values: pa.Array
    unread: pa.Array | None = None
    check: str = ""
    words: str = ""


def column(rows: pa.Table, filling: Filling, field: Field, source: Source) -> Column:
    """The field's values in the rows (bronze columns as text, with the envelope), of ARROW_TYPES of its logical type."""
    kind = ARROW_TYPES[field.logical_type]
    if filling.constant is not None:
        given = _read(pa.array([filling.constant]), filling, field, source)
        return Column(pa.repeat(given[0], rows.num_rows) if given[0].is_valid else pa.nulls(rows.num_rows, kind))
    if filling.reads is None:
        return Column(_day_of_delivery(rows, kind))
    if filling.reads not in rows.column_names:  # landed before the mapping knew the column
        return Column(pa.nulls(rows.num_rows, kind))
    sent = encoded(rows[filling.reads])
    words = present(sent.dictionary, source)
    values = _read(_looked_up(words, filling), filling, field, source)
    wrong = pc.and_(pc.is_valid(words), pc.is_null(values)).take(sent.indices)
    check, said = ON_THE_LIST if filling.lookup else CHECKS[field.logical_type]
    has_wrong = pc.any(wrong).as_py()
    return Column(values.take(sent.indices), pc.fill_null(wrong, False) if has_wrong else None, check, said)


def present(texts: pa.Array, source: Source) -> pa.Array:
    """The trimmed texts; null where they are one of the source's words for missing."""
    words = pc.utf8_trim_whitespace(texts)
    missing = pa.array(source.format.missing if source.format else ("",), pa.string())
    return pc.if_else(pc.is_in(words, value_set=missing), None, words)


def _looked_up(words: pa.Array, filling: Filling) -> pa.Array:
    if not filling.lookup:
        return words
    meaning = reference.lookup(filling.lookup, "code", "value")
    return pa.array([meaning.get(word) for word in words.to_pylist()], pa.string())


def _day_of_delivery(rows: pa.Table, kind: pa.DataType) -> pa.Array:
    """The day that the delivery states, as a date, as the UTC instant of its midnight, or as ISO 8601."""
    if PERIOD not in rows.column_names:
        return pa.nulls(rows.num_rows, kind)
    stated = rows[PERIOD].combine_chunks()
    return pc.strftime(stated, "%Y-%m-%d") if pa.types.is_string(kind) else pc.cast(stated, kind)


def _read(texts: pa.Array, filling: Filling, field: Field, source: Source) -> pa.Array:
    return _READERS[field.logical_type](texts, filling, field, source)


def _number(texts: pa.Array, filling: Filling, field: Field, _: Source) -> pa.Array:
    numbers = parse_numbers(texts)
    if not filling.unit or not field.unit or filling.unit == field.unit:
        return numbers
    return converted(numbers, reference.conversion(filling.unit, field.unit))


def _boolean(texts: pa.Array, *_: object) -> pa.Array:
    return pc.if_else(pc.is_in(texts, value_set=pa.array(["true", "false"])), pc.equal(texts, "true"), None)


def _date(texts: pa.Array, filling: Filling, _: Field, source: Source) -> pa.Array:
    return days(texts, filling.pattern, _is_workbook(source))


def _timestamp(texts: pa.Array, filling: Filling, _: Field, source: Source) -> pa.Array:
    zone = source.time.zone if source.time else "UTC"
    return instants(texts, zone, filling.pattern, _is_workbook(source))


def _is_workbook(source: Source) -> bool:
    return source.format is not None and source.format.type == "excel"


_READERS: dict[str, Callable[..., pa.Array]] = {
    "string": lambda texts, *_: texts,
    "integer": lambda texts, *_: parse_integers(texts),
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
