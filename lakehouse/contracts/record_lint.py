"""What is wrong with a mapping of the shape `records`, one sentence per finding."""

from collections.abc import Iterator
from datetime import datetime

from lakehouse import reference
from lakehouse.contracts.mapping import DELIVERY, Filling, Source
from lakehouse.contracts.model import Dataset, Field

A_DAY = datetime(2014, 1, 1)
TIMES = ("date", "timestamp")


def record_findings(source: Source, dataset: Dataset) -> Iterator[str]:
    """Findings about how the mapping fills the dataset's columns."""
    columns = {f.name: f for f in dataset.fields}
    if strange := [name for name in source.fields if name not in columns]:
        yield f"fields: {dataset.id} has no column {', '.join(strange)}."
    if unfilled := [f.name for f in dataset.fields if f.required and f.name not in source.fields]:
        yield f"fields: {', '.join(unfilled)} must be present in {dataset.id} and is not filled; say where it comes from."
    if unused := [c for c in source.columns if c not in source.reads]:
        yield f"columns: {', '.join(unused)} fills nothing; map it, or list it under `ignore` instead."
    for name, filling in source.fields.items():
        if name in columns:
            yield from (f"fields: {name} {said}" for said in _filling(filling, columns[name]))
    yield from _told_apart(source, columns)


def _filling(filling: Filling, column: Field) -> Iterator[str]:
    if column.is_direct and (filling.reads is None or filling.lookup):
        yield "is a direct identifier; it comes from a column as it is written there."
    if filling.column == DELIVERY and column.logical_type not in (*TIMES, "string"):
        yield f"is of the type {column.logical_type}; the day of a delivery fills a date."
    if filling.pattern and column.logical_type not in TIMES:
        yield f"is of the type {column.logical_type}; only dates and times have a `pattern`."
    elif filling.pattern and (said := pattern_finding(filling.pattern)):
        yield said
    if filling.lookup and not reference.exists(filling.lookup):
        yield f"is looked up in {filling.lookup}, which is not in contracts/reference."
    elif column.unit and filling.reads and not filling.lookup and (said := unit_finding(filling.unit, column.unit)):
        yield f"is filled by {filling.reads}{said}"
    elif filling.unit and not column.unit:
        yield f"has no unit in the contract, but {filling.unit} as sent; state the contract's."


def _told_apart(source: Source, columns: dict[str, Field]) -> Iterator[str]:
    """A column of the file is replaced by tokens as a whole, so nothing else may be read from it."""
    direct = {f.reads for name, f in source.fields.items() if name in columns and columns[name].is_direct}
    others = {f.reads for name, f in source.fields.items() if name in columns and not columns[name].is_direct}
    others |= set(source.time.columns if source.time else ())
    if both := sorted(filter(None, direct & others)):
        yield f"fields: {both[0]} fills a direct identifier and something else, which would read its token."


def pattern_finding(pattern: str) -> str | None:
    """What is wrong with a strptime pattern of dates; None when it reads a day that it writes."""
    try:
        is_sound = datetime.strptime(A_DAY.strftime(pattern), pattern).replace(tzinfo=None) == A_DAY
    except ValueError:
        is_sound = False
    return None if is_sound else f"pattern {pattern} is none of dates; write one like %Y%m%d or %Y-%m-%d %H:%M."


def unit_finding(sent: str | None, wanted: str) -> str | None:
    """Why the unit as sent cannot become the wanted one, to follow the name of what is filled."""
    if sent is None:
        return f", which is in {wanted}; say the `unit` as sent."
    try:
        reference.conversion(sent, wanted)
    except ValueError as error:
        return f": {error}"
    return None
