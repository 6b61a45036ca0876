"""Parameters of an address -> a typed question to one dataset -> SQL with bound values.

`column=value` (repeat it for any of several), `column.gt|gte|lt|lte=value`, `column.null=true|false`, `sort=a,-b`,
`columns=a,b`, `limit`, `offset`, `format`. Whatever else is asked is refused with one sentence.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from lakehouse.contracts import Field
from portal.open_data import OpenDataset
from portal.serving_data import identifier

OPERATORS = {"": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
ORDERED = {"integer", "number", "date", "timestamp", "string"}
RESERVED = ("limit", "offset", "sort", "columns", "format")
FORMATS = ("json", "csv")
MAX_LIMIT = 10_000
DEFAULT_LIMIT = 100
MAX_OFFSET = 100_000_000
MAX_TEXT = 200


class BadParameter(ValueError):
    """A parameter that the dataset does not have, or a value of the wrong type (HTTP 400)."""


class NotThere(LookupError):
    """What a parameter names does not exist (HTTP 404); the argument is the sentence."""


@dataclass(frozen=True)
class Question:
    """One page of a dataset's rows. `conditions`: SQL with `?` and its values."""

    columns: tuple[str, ...]
    conditions: tuple[tuple[str, tuple[Any, ...]], ...]
    order: tuple[str, ...]
    limit: int
    offset: int
    format: str

    def sql(self, dataset: OpenDataset) -> tuple[str, list[Any]]:
        """The rows of the page."""
        where, values = self._where()
        names = ", ".join(map(identifier, self.columns))
        return (
            f"select {names} from {dataset.source}{where} order by {', '.join(self.order)} limit ? offset ?",
            [*values, self.limit, self.offset],
        )

    def count_sql(self, dataset: OpenDataset) -> tuple[str, list[Any]]:
        """How many rows match, over all pages."""
        where, values = self._where()
        return f"select count(*) from {dataset.source}{where}", values

    def _where(self) -> tuple[str, list[Any]]:
        return "".join(f" and {sql}" for sql, _ in self.conditions), [v for _, values in self.conditions for v in values]


def parse(dataset: OpenDataset, given: Sequence[tuple[str, str]], default_limit: int = DEFAULT_LIMIT) -> Question:
    """Read the parameters of an address. Raises BadParameter with one sentence."""
    fields = {f.name: f for f in dataset.fields if f.name in dataset.types}
    once = _once(given)
    filters: dict[str, list[str]] = {}
    for name, value in given:
        if name not in RESERVED:
            filters.setdefault(name, []).append(value)
    return Question(
        columns=_columns(once.get("columns"), fields),
        conditions=tuple(_condition(name, values, fields, dataset) for name, values in filters.items()),
        order=_order(once.get("sort"), fields, dataset),
        limit=_whole("limit", once.get("limit"), default_limit, 1, MAX_LIMIT),
        offset=_whole("offset", once.get("offset"), 0, 0, MAX_OFFSET),
        format=_one_of("format", once.get("format", FORMATS[0]), FORMATS),
    )


def _once(given: Sequence[tuple[str, str]]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for name, value in given:
        if name in RESERVED and name in seen:
            raise BadParameter(f"Parameter {name} stands twice; give it once.")
        seen[name] = value
    return seen


def _columns(text: str | None, fields: dict[str, Field]) -> tuple[str, ...]:
    if text is None:
        return tuple(fields)
    return tuple(dict.fromkeys(_known(name, "columns", fields) for name in text.split(",")))


def _order(text: str | None, fields: dict[str, Field], dataset: OpenDataset) -> tuple[str, ...]:
    """The asked order, then the key, so that pages never overlap."""
    asked = (
        [(_known(name.removeprefix("-"), "sort", fields), name.startswith("-")) for name in text.split(",")]
        if text is not None
        else []
    )
    named = {name for name, _ in asked}
    whole = asked + [(key, False) for key in dataset.contract.primary_key if key not in named]
    return tuple(f"{identifier(name)} {'desc' if down else 'asc'} nulls last" for name, down in whole)


def _condition(name: str, values: list[str], fields: dict[str, Field], dataset: OpenDataset) -> tuple[str, tuple[Any, ...]]:
    column, _, operator = name.partition(".")
    if column not in fields:
        raise BadParameter(f"Unknown parameter {_shown(name)}. {_hint(column, [*fields, *RESERVED])}")
    field, quoted = fields[column], identifier(column)
    if operator == "null":
        return f"{quoted} is {'' if _boolean(name, values[-1]) else 'not '}null", ()
    if operator not in OPERATORS or (operator and field.logical_type not in ORDERED):
        raise BadParameter(
            f"Unknown parameter {_shown(name)}. Column {column} takes {column}=value, .gt, .gte, .lt, .lte and .null."
        )
    typed = tuple(parse_value(name, value, field, dataset.types[column]) for value in values)
    if operator:
        return f"{quoted} {OPERATORS[operator]} ?", typed[-1:]
    return f"{quoted} in ({', '.join('?' * len(typed))})", typed


def parse_value(name: str, text: str, field: Field, column_type: str) -> Any:
    """A filter's text as the column's type. Raises BadParameter."""
    if field.logical_type == "timestamp":
        return _timestamp(name, text, with_zone="ZONE" in column_type.upper())
    return PARSERS.get(field.logical_type, _text)(name, text)


def _text(name: str, text: str) -> str:
    if len(text) > MAX_TEXT or "\0" in text:
        raise BadParameter(f"Parameter {name} takes a text of at most {MAX_TEXT} characters.")
    return text


def _integer(name: str, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise BadParameter(f"Parameter {name} takes a whole number such as 12, not {_shown(text)}.") from None
    if abs(value) >= 2**63:
        raise BadParameter(f"Parameter {name} takes a whole number below 2^63.")
    return value


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadParameter(f"Parameter {name} takes a number such as 35.5, not {_shown(text)}.")
    return value


def _boolean(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadParameter(f"Parameter {name} takes true or false, not {_shown(text)}.")
    return text == "true"


def _date(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"Parameter {name} takes a date such as 2017-02-28, not {_shown(text)}.") from None


def _timestamp(name: str, text: str, with_zone: bool) -> datetime:
    """An instant without zone counts as UTC; a local column takes a time without zone."""
    try:
        value = datetime.fromisoformat(text)
        if not with_zone:
            return value.replace(tzinfo=None)
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        example = "2017-02-28T16:00:00Z" if with_zone else "2017-02-28T16:00:00"
        raise BadParameter(f"Parameter {name} takes a time such as {example}, not {_shown(text)}.") from None


PARSERS: dict[str, Callable[[str, str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "string": _text,
}


def _whole(name: str, text: str | None, default: int, low: int, high: int) -> int:
    if text is None:
        return default
    value = _integer(name, text)
    if not low <= value <= high:
        raise BadParameter(f"Parameter {name} lies between {low} and {high:,}, not at {_shown(text)}.")
    return value


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise BadParameter(f"Parameter {name} takes {' or '.join(allowed)}, not {_shown(text)}.")
    return text


def _known(name: str, parameter: str, fields: dict[str, Field]) -> str:
    if name not in fields:
        raise BadParameter(f"Parameter {parameter} names the unknown column {_shown(name)}. {_hint(name, list(fields))}")
    return name


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."


def _shown(text: str) -> str:
    return repr(text[:60])
