"""What a contract says, as small frozen values. Built by `load`, read by everything else."""

import codecs
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as Setting

Severity = Literal["error", "warning"]
LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Layer = Literal["silver", "gold"]
Engine = Literal["kernel", "sql", "dbt", "ml"]


@dataclass(frozen=True)
class Field:
    """One column of a dataset. `logical_type` is ODCS's; `unit` is a UCUM code."""

    name: str
    logical_type: LogicalType
    required: bool
    primary_key: bool
    description: str
    name_en: str
    name_zh: str
    unit: str | None
    classification: str
    identifier_kind: str | None
    examples: tuple[Any, ...]
    reference: str | None
    options: dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One quality rule.

    kind `row`: `predicate` must hold on each row; `group`: on the values of one group of rows laid side by
    side (`arguments`: by, pivot, value, flags); `aggregate`: a library metric or query on the whole table.
    """

    name: str
    kind: Literal["row", "group", "aggregate"]
    predicate: str
    severity: Severity
    dimension: str
    description: str
    field: str | None
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """One promise about time (`slaProperties`): frequency, latency or retention. Unit: min, h, d or y."""

    value: float
    unit: str

    HOURS: ClassVar[dict[str, float]] = {"min": 1 / 60, "h": 1, "d": 24, "y": 8766}

    @property
    def hours(self) -> float:
        return self.value * self.HOURS[self.unit]


@dataclass(frozen=True)
class Dataset:
    """One dataset: its columns, keys, rules and promises."""

    id: str
    version: str
    name_en: str
    name_zh: str
    description: str
    grain: str
    domain: str
    layer: Layer
    engine: Engine
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    rules: tuple[Rule, ...]
    partition: str | None
    publish: tuple[str, ...]
    owner: str
    licence: str | None
    theme: str | None
    tags: tuple[str, ...]
    sla: dict[str, Promise]
    origin: str | None
    properties: dict[str, Any]
    path: str

    @property
    def table(self) -> str:
        """`<layer>.<id>`, the table's name in the lake."""
        return f"{self.layer}.{self.id}"

    @property
    def made_from(self) -> tuple[str, ...]:
        """The silver datasets that the platform makes this one from; none = sources feed it."""
        return tuple(self.properties.get("madeFrom", ()))

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.id} has no column {name}; it has {', '.join(f.name for f in self.fields)}.")

    def promised_hours(self, promise: str) -> float | None:
        """`frequency`, `latency` or `retention` in hours; None = not promised."""
        return self.sla[promise].hours if promise in self.sla else None

    def row_rules(self, severity: Severity | None = None) -> tuple[Rule, ...]:
        return tuple(r for r in self.rules if r.kind == "row" and severity in (None, r.severity))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Format(_Strict):
    """How a delivered file is written."""

    type: Literal["csv", "excel", "json"]
    encoding: str | None = None
    delimiter: str = Setting(",", min_length=1, max_length=1)
    header_row: int = Setting(1, ge=1)
    sheet: str | None = None
    records: str | None = Setting(None, description="JSON: key of the list of records; none = the top-level list.")
    missing: tuple[str, ...] = ("",)

    @field_validator("encoding")
    @classmethod
    def known_encoding(cls, name: str | None) -> str | None:
        try:
            return name and codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"{name} is no encoding; write utf-8, gb18030, ascii or another that Python names") from None


class Time(_Strict):
    """Where a record's event time stands: integer parts (year, month, day, hour...) or one text column."""

    columns: tuple[str, ...] = Setting(alias="from", min_length=1, max_length=6)
    zone: str
    pattern: str | None = Setting(None, description="strptime pattern of one text column; none = ISO 8601.")

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


class Source(_Strict):
    """How one source becomes a contract's rows."""

    source: str
    feeds: str
    bronze: str
    kind: Literal["batch", "edge"]
    shape: Literal["columns", "items"]
    origin: Literal["operational", "public_reference", "synthetic", "test_vector"]
    licence: str | None = None
    attribution: str | None = None
    rank: int
    format: Format | None = None
    columns: tuple[str, ...] = ()
    time: Time | None = None
    station: Station
    constants: dict[str, str] = {}
    measures: dict[str, Measure]
    ignore: tuple[str, ...] = ()
    system_types: tuple[str, ...] = Setting((), description="HJ 212: the system types (ST) whose readings this source takes.")
    publication_delay_hours: float = 0.0
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
        """Columns of a delivered table that the mapping uses."""
        times = self.time.columns if self.time else ()
        return (*times, *filter(None, [self.station.column]), *self.measures) if self.shape == "columns" else ()

    @model_validator(mode="after")
    def says_what_it_reads(self):
        if self.takes_files and self.format is None:
            raise ValueError("a source with `time` takes files; say how they are written (`format`)")
        if self.takes_files and (missing := [c for c in self.reads if c not in self.columns]):
            raise ValueError(f"columns: {', '.join(missing)} is mapped and not listed; list all columns of the file")
        return self


@dataclass(frozen=True)
class Contracts:
    """All contracts of the checkout."""

    datasets: dict[str, Dataset]
    sources: dict[str, Source]

    def __getitem__(self, dataset_id: str) -> Dataset:
        try:
            return self.datasets[dataset_id]
        except KeyError:
            raise KeyError(f"No contract for {dataset_id}; there are {', '.join(sorted(self.datasets))}.") from None

    def feeding(self, dataset_id: str) -> tuple[Source, ...]:
        """The sources of one dataset, by name."""
        return tuple(s for _, s in sorted(self.sources.items()) if s.feeds == dataset_id)

    def behind(self, dataset_id: str) -> tuple[Source, ...]:
        """The sources whose records may be in a silver dataset: those that feed it or what it is made from, by name."""
        indirect = {s.source: s for origin in self[dataset_id].made_from for s in self.behind(origin)}
        found = indirect | {s.source: s for s in self.feeding(dataset_id)}
        return tuple(found[name] for name in sorted(found))

    def of_layer(self, layer: str) -> tuple[Dataset, ...]:
        return tuple(d for _, d in sorted(self.datasets.items()) if d.layer == layer)
