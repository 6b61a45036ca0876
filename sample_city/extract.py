"""One delivery of one department: rows as text columns, and which true entities each row speaks of."""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.identifiers import day_digits, numbers
from sample_city.parameters import words

ENDINGS = {
    "delimited": "csv",
    "fixed_width": "txt",
    "workbook": "xlsx",
    "json_page": "json",
    "xml": "xml",
    "database": "sqlite",
    "gzip": "csv.gz",
    "geojson": "geojson",
}
MARK = "data_origin"
"""Last column of every row: it says `synthetic`."""
ORIGIN = "synthetic"
NOTICE = "SYNTHETIC 合成数据: invented persons and enterprises, CC0-1.0"
"""First line, sheet, element or key of every file."""


@dataclass(frozen=True)
class Source:
    """How one department sends one kind of record."""

    name: str
    department: str
    dataset: str
    title: str
    cadence: str
    format: str
    encoding: str
    columns: dict[str, str]
    delimiter: str = ","
    widths: dict[str, int] = field(default_factory=dict)
    error_factor: float = 1.0
    address: str = "usual"
    steady: tuple[str, ...] = ()
    identity: str = ""
    """Sources of one identity are one register: they repeat the same clerk's errors."""

    @property
    def register(self) -> str:
        return self.identity or self.name

    def file_name(self, county_code: int, day: np.datetime64) -> str:
        return f"SYN_{county_code}_{self.department}_{self.name}_{str(day).replace('-', '')}.{ENDINGS[self.format]}"


@cache
def sources() -> dict[str, Source]:
    """All sources of `sources.yaml` by name."""
    return {name: Source(name, **spec) for name, spec in words("sources").items()}


@dataclass(frozen=True)
class Implant:
    """A defect that the view itself carries: its id, the field that shows it, the rows, and what would be true."""

    defect: str
    field: str
    rows: np.ndarray
    true_value: str


@dataclass(frozen=True)
class Extract:
    """Rows of one file. `entities` maps a role in the record (`self`, `mother`, ...) to (kind, numbers; -1: nobody)."""

    source: Source
    day: np.datetime64
    columns: dict[str, pa.Array]
    entities: dict[str, tuple[str, np.ndarray]]
    """The first role is what the row is about."""
    alternatives: dict[str, pa.Array] = field(default_factory=dict)
    """What a department may hold instead of the truth: the former address, another person's number."""
    alternative_addresses: np.ndarray | None = None
    """Numbers of the former addresses; the role `address` is the address that the text names, right or outdated."""
    implanted: tuple["Implant", ...] = ()
    """Rows that are wrong by being there."""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def key(self) -> np.ndarray:
        """Entity numbers that the row is about."""
        return next(iter(self.entities.values()))[1]

    def with_column(self, name: str, values: pa.Array) -> "Extract":
        return replace(self, columns=self.columns | {name: values})

    def take(self, rows: np.ndarray) -> "Extract":
        picked = pa.array(rows)
        columns = {name: values.take(picked) for name, values in self.columns.items()}
        entities = {role: (kind, n[rows]) for role, (kind, n) in self.entities.items()}
        alternatives = {name: values.take(picked) for name, values in self.alternatives.items()}
        wrong = tuple(replace(i, rows=np.flatnonzero(np.isin(rows, i.rows))) for i in self.implanted)
        former = None if self.alternative_addresses is None else self.alternative_addresses[rows]
        taken = replace(self, columns=columns, entities=entities, alternatives=alternatives)
        return replace(taken, alternative_addresses=former, implanted=wrong)

    def with_addresses(self, now: np.ndarray, former: np.ndarray) -> "Extract":
        """The same rows, saying which addresses their text names and which an outdated text would name."""
        return replace(self, entities=self.entities | {"address": ("address", now)}, alternative_addresses=former)

    def outdated(self, rows: np.ndarray) -> "Extract":
        """`rows` now name their former address."""
        if self.alternative_addresses is None:
            return self
        numbers = self.entities["address"][1].copy()
        numbers[rows] = self.alternative_addresses[rows]
        return replace(self, entities=self.entities | {"address": ("address", numbers)})


def text_of(values) -> pa.Array:
    """A string column from Arrow, from whole numbers, or from dates (yyyymmdd; NaT is empty text)."""
    if isinstance(values, pa.Array):
        return values.cast(pa.string())
    if values.dtype.kind != "M":
        return pa.array(values).cast(pa.string())
    missing = np.isnat(values)
    return blank(numbers(day_digits(np.where(missing, np.datetime64("1970-01-01"), values)), 8), missing)


def blank(values: pa.Array, where: np.ndarray) -> pa.Array:
    """The column with empty text at the rows `where`."""
    return pc.if_else(pa.array(where), "", values) if where.any() else values


def constant(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def coordinate_text(degrees: np.ndarray) -> pa.Array:
    """Seven decimals, about a centimetre."""
    return pa.array(np.char.mod("%.7f", degrees).astype(object), pa.string())
