"""One measure over time: the middle and range of all places, and one place beside it, in periods that fit a chart."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from lakehouse.contracts import Field
from lakehouse.settings import settings
from portal import open_data
from portal.open_data import OpenDataset
from portal.query import BadParameter, parse_value
from portal.serving_data import data, identifier

MAX_POINTS = 180
PERIODS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
SETTLED = {"rule_version"}  # part of a key, but the rows in force hold one per day
NOT_MEASURES = ("date_key", "n_", "level", "lon", "lat")


@dataclass(frozen=True)
class Choice:
    """What a reader chose: the measure, one value for each further key column, one place (None = only the range)."""

    measure: Field
    place: Field | None
    chosen_place: str | None
    fixed: tuple[tuple[Field, Any], ...]
    start: date | None
    end: date | None


@dataclass(frozen=True)
class Point:
    """One period: lowest, middle (median) and highest place mean, and the mean of the chosen place."""

    at: datetime
    low: float | None
    middle: float | None
    high: float | None
    chosen: float | None


@dataclass(frozen=True)
class Series:
    """Points in order of time. `period` names the length of each; `places` how many are behind the range.

    `unit`: UCUM code of the values, from the contract or from the rows' unit_code.
    """

    points: list[Point]
    period: str
    places: int
    unit: str | None


def measures(dataset: OpenDataset) -> list[Field]:
    """The columns that can be drawn: numbers that are no key, count or coordinate."""
    keys = set(dataset.contract.primary_key)
    numbers = (
        f for f in dataset.fields if f.name in dataset.types and f.logical_type in ("number", "integer") and f.name not in keys
    )
    return [f for f in numbers if not f.name.startswith(NOT_MEASURES)]


def dimensions(dataset: OpenDataset) -> list[Field]:
    """The key columns beside time: the first is the place, each further one takes a value."""
    moment = dataset.time_field
    keys = (dataset.contract.field(name) for name in dataset.contract.primary_key if name not in SETTLED)
    return [f for f in keys if moment is None or f.name != moment.name]


def choose(dataset: OpenDataset, given: dict[str, str]) -> Choice | None:
    """The choice that an address names, defaults filled in; None for a dataset without time or measure.

    Raises BadParameter for a value that the form does not offer.
    """
    offered, moment = measures(dataset), dataset.time_field
    if moment is None or not offered or dataset.facts is None:
        return None
    wanted = given.get("measure")
    measure = next((f for f in offered if f.name == wanted), None) if wanted else offered[0]
    if measure is None:
        raise BadParameter(f"There is no measure {wanted[:60]!r}; there are {', '.join(f.name for f in offered)}.")
    place, *further = dimensions(dataset) or [None]
    return Choice(
        measure=measure,
        place=place,
        chosen_place=_offered(dataset, place, given.get("place")) if place and given.get("place") else None,
        fixed=tuple((f, _offered(dataset, f, given.get(f.name))) for f in further),
        start=_day("from", given.get("from")),
        end=_day("to", given.get("to")),
    )


def read(dataset: OpenDataset, choice: Choice) -> Series:
    """The series that a choice asks for, means per place and period, then low, median and high over places."""
    where, values = _where(dataset, choice)
    period = _period(dataset, where, values)
    moment, measure = local_time(dataset), identifier(choice.measure.name)
    place = identifier(choice.place.name) if choice.place else "''"
    rows = data.rows(
        f"with means as (select date_trunc('{period}', {moment}) as moment, {place} as place, avg({measure}) as mean "
        f"from {dataset.source}{where} group by all) "
        "select moment, min(mean) as low, median(mean) as middle, max(mean) as high, "
        "max(mean) filter (where place = ?) as chosen, count(distinct place) as places "
        "from means group by moment order by moment",
        [*values, choice.chosen_place],
    )
    points = [Point(_moment(r["moment"]), r["low"], r["middle"], r["high"], r["chosen"]) for r in rows]
    unit = choice.measure.unit or _unit_of_rows(dataset, where, values)
    return Series(points, period, max((r["places"] for r in rows), default=0), unit)


def _unit_of_rows(dataset: OpenDataset, where: str, values: list[Any]) -> str | None:
    """The one unit that the chosen rows name, None when they name none or several."""
    if "unit_code" not in dataset.types:
        return None
    units = data.rows(f"select distinct unit_code from {dataset.source}{where} limit 2", values)
    return units[0]["unit_code"] if len(units) == 1 else None


def local_time(dataset: OpenDataset) -> str:
    """SQL of the time column in the business time zone; dates and local times as they are."""
    name = dataset.time_field.name
    if "ZONE" not in dataset.types[name].upper():
        return identifier(name)
    return f"timezone('{settings().business_zone}', {identifier(name)})"


def _where(dataset: OpenDataset, choice: Choice) -> tuple[str, list[Any]]:
    moment = local_time(dataset)
    parts = [(f"{identifier(field.name)} = ?", value) for field, value in choice.fixed]
    parts += [(f"{moment} >= ?", choice.start)] if choice.start else []
    parts += [(f"{moment} < ?", choice.end + timedelta(days=1))] if choice.end else []
    return "".join(f" and {sql}" for sql, _ in parts), [value for _, value in parts]


def _period(dataset: OpenDataset, where: str, values: list[Any]) -> str:
    """The shortest period that gives at most MAX_POINTS points."""
    moment = local_time(dataset)
    span = data.rows(f"select min({moment}) as a, max({moment}) as b from {dataset.source}{where}", values)[0]
    if span["a"] is None:
        return "day"
    length = _moment(span["b"]) - _moment(span["a"])
    fitting = (name for name, each in PERIODS.items() if length / each <= MAX_POINTS)
    shortest = next(fitting, "year")
    return "day" if shortest == "hour" and dataset.time_field.logical_type == "date" else shortest


def _offered(dataset: OpenDataset, field: Field, text: str | None) -> Any:
    offered = open_data.choices(dataset, field.name)
    if text is None:
        return offered[0] if offered else None
    value = parse_value(field.name, text, field, dataset.types[field.name])
    if value not in offered:
        raise BadParameter(f"{field.name} has no value {text[:60]!r}; the form lists those it has.")
    return value


def _day(name: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"Parameter {name} takes a date such as 2017-02-28, not {text[:60]!r}.") from None


def _moment(value: Any) -> datetime:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
