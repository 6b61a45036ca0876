"""What the mapping of a source says: how its files are written and what its columns become. Built by `load`."""

import codecs
from collections.abc import Iterable
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as Setting

DELIVERY = "delivery"
"""In place of a column: the day that the delivery itself states (its period)."""
PERIOD = "_period"
"""Envelope column of bronze rows of records: that day (date32), null where the delivery states none."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Format(_Strict):
    """How a delivered file is written."""

    type: Literal["csv", "excel", "json", "fixed_width", "xml", "sqlite", "geojson", "osm"]
    encoding: str | None = None
    delimiter: str = Setting(",", min_length=1, max_length=1)
    comment: str | None = Setting(None, min_length=1, max_length=1, description="Lines that begin so are no rows.")
    header_row: int = Setting(1, ge=1)
    sheet: str | None = None
    records: str | None = Setting(
        None, description="JSON: key of the list of records, none = the top-level list. XML: their element."
    )
    table: str | None = Setting(None, description="SQLite: the table to read.")
    widths: dict[str, int] = Setting({}, description="Fixed width: column -> bytes in the file's encoding, in file order.")
    keys: tuple[str, ...] = Setting((), description="OSM: features that bear one of these keys are the records.")
    geometry: Literal["point", "line", "area"] | None = Setting(None, description="OSM: what each of them is drawn as.")
    missing: tuple[str, ...] = ("",)

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, name: str | None) -> str | None:
        try:
            return name and codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"{name} is no encoding; write utf-8, gb18030, ascii or another that Python names") from None

    @model_validator(mode="after")
    def complete(self):
        needed = {
            "fixed_width": {"widths": self.widths},
            "xml": {"records": self.records},
            "sqlite": {"table": self.table},
            "osm": {"keys": self.keys, "geometry": self.geometry},
        }
        if name := next((name for name, given in needed.get(self.type, {}).items() if not given), None):
            raise ValueError(f"a file of the type {self.type} cannot be read without `{name}`; say it")
        return self


class Time(_Strict):
    """Where a record's event time stands: integer parts (year, month, day, hour...), one text column, or `delivery`."""

    columns: tuple[str, ...] = Setting(alias="from", max_length=6)
    zone: str
    pattern: str | None = Setting(None, description="strptime pattern of one text column; none = ISO 8601.")

    @field_validator("columns", mode="before")
    @classmethod
    def columns_or_delivery(cls, said: object) -> object:
        if said != DELIVERY and (isinstance(said, str) or not said):
            raise ValueError(f"list the columns, or write {DELIVERY} for the day that the delivery states")
        return () if said == DELIVERY else said

    @property
    def is_of_delivery(self) -> bool:
        """The event time is the day that the delivery states, at midnight of the zone."""
        return not self.columns

    @field_validator("zone")
    @classmethod
    def known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name} is no time zone; write one like Asia/Shanghai or Etc/GMT+5") from None


class Station(_Strict):
    """Which place a record speaks of: a column (or `device` of a payload), or one code of the issuer."""

    column: str | None = Setting(None, alias="from")
    constant: str | None = None
    issuer: str

    @model_validator(mode="after")
    def one_of(self):
        if (self.column is None) == (self.constant is None):
            raise ValueError("station: give exactly one of `from` and `constant`")
        return self


class Measure(_Strict):
    """A source column or item code and what it becomes: a code of the long form, a column of the wide."""

    becomes: str
    unit: str | None = None
    lookup: str | None = Setting(None, description="Code list of the source (contracts/reference/<lookup>.csv: code, value).")


class Filling(_Strict):
    """Where a column of a record dataset comes from: a column of the file, `delivery` (the day it states) or a constant."""

    column: str | None = Setting(None, alias="from")
    constant: str | None = None
    pattern: str | None = Setting(None, description="strptime pattern of a date or time; ISO 8601 is always read.")
    unit: str | None = Setting(None, description="Unit of a number as sent.")
    lookup: str | None = Setting(None, description="Code list of the source (contracts/reference/<lookup>.csv: code, value).")

    @property
    def reads(self) -> str | None:
        """The column of the file, if it is one."""
        return None if self.column == DELIVERY else self.column

    @model_validator(mode="after")
    def one_of(self):
        if (self.column is None) == (self.constant is None):
            raise ValueError("give exactly one of `from` and `constant`")
        if self.reads is None and (self.pattern or self.unit or self.lookup):
            raise ValueError("`pattern`, `unit` and `lookup` say how the text of a column is read; there is no column")
        return self


class Volume(_Strict):
    """How many times as many rows as the delivery before it a delivery may hold."""

    least: float = Setting(default=0.5, gt=0, le=1)
    most: float = Setting(default=2.0, ge=1)


class Source(_Strict):
    """How one source becomes a contract's rows.

    Shapes: `columns` and `items` fill readings of a station by `station` and `measures`; `records` fills each column
    of the contract by `fields`.
    """

    source: str
    feeds: str
    bronze: str
    kind: Literal["batch", "edge"]
    shape: Literal["columns", "items", "records"]
    origin: Literal["operational", "public_reference", "synthetic", "test_vector"]
    licence: str | None = None
    attribution: str | None = None
    rank: int
    format: Format | None = None
    columns: tuple[str, ...] = ()
    aliases: dict[str, tuple[str, ...]] = Setting({}, description="Column -> other headings agreed for it.")
    time: Time | None = None
    station: Station | None = None
    constants: dict[str, str] = {}
    measures: dict[str, Measure] = {}
    fields: dict[str, Filling] = {}
    ignore: tuple[str, ...] = Setting((), description="Item codes, or columns of a file, that are expected and not used.")
    system_types: tuple[str, ...] = Setting((), description="HJ 212: the system types (ST) whose readings this source takes.")
    publication_delay_hours: float = 0.0
    volume: Volume | None = Setting(Volume(), description="Records only; null = what comes differs by nature, such as events.")
    department: str | None = Setting(None, description="Code of the department that sends it; none = the dataset's owner.")
    description: str
    path: str = ""

    @property
    def bronze_table(self) -> str:
        return f"bronze.{self.bronze}"

    @property
    def takes_files(self) -> bool:
        """Whether files can be delivered to this source; others read the rows that another source landed."""
        return self.kind == "batch" and self.time is not None

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of a delivered table that the mapping uses, each once."""
        times = self.time.columns if self.time else ()
        own = {
            "columns": (*filter(None, [self.station and self.station.column]), *self.measures),
            "records": tuple(filter(None, (f.reads for f in self.fields.values()))),
        }
        return tuple(dict.fromkeys((*times, *own[self.shape]))) if self.shape in own else ()

    def is_time_in(self, key: Iterable[str]) -> bool:
        """Whether columns of a record's key state its event time, so that a correction never moves it."""
        read = {self.fields[name].column for name in key if name in self.fields}
        times = self.time.columns if self.time else ()
        return read.issuperset(times or (DELIVERY,))

    @model_validator(mode="after")
    def says_what_it_fills(self):
        if self.shape == "records":
            strange, needed = ("station", "measures", "constants", "system_types"), ("fields", "time")
        else:
            strange, needed = ("fields",), ("station", "measures")
        if missing := [name for name in needed if not getattr(self, name)]:
            raise ValueError(f"a source of the shape {self.shape} needs `{missing[0]}`; say it")
        if given := [name for name in strange if getattr(self, name)]:
            raise ValueError(f"a source of the shape {self.shape} has no `{given[0]}`; leave it out")
        return self

    @model_validator(mode="after")
    def says_what_it_reads(self):
        if self.takes_files and self.format is None:
            raise ValueError("a source with `time` takes files; say how they are written (`format`)")
        if self.takes_files and (missing := [c for c in self.reads if c not in self.columns]):
            raise ValueError(f"columns: {', '.join(missing)} is mapped and not listed; list all columns of the file")
        if strange := [c for c in self.aliases if c not in self.columns]:
            raise ValueError(f"aliases: {', '.join(strange)} is none of `columns`; list it there")
        if self.format and self.format.widths and (narrow := [c for c in self.columns if c not in self.format.widths]):
            raise ValueError(f"format: {', '.join(narrow)} has no width; give every column one, in file order")
        return self
