"""What a contract says, as small frozen values. Built by `load`, read by everything else."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from lakehouse.contracts.mapping import Source

Severity = Literal["error", "warning"]
LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "binary"]
Layer = Literal["silver", "gold"]
Engine = Literal["kernel", "sql", "dbt", "ml", "register"]
CODES = re.compile(r"(.*_)?(no|id|code|code9|uscc|crs|geometry)")
"""Names of columns whose texts are codes or coordinates (docs/naming.md)."""


@dataclass(frozen=True)
class Field:
    """One column of a dataset. `logical_type` is ODCS's, or `binary` for its `object` of that physical type (geometry as
    WKB); `unit` is a UCUM code."""

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
    token_kind: str | None
    examples: tuple[Any, ...]
    reference: str | None
    options: dict[str, Any]

    @property
    def is_direct(self) -> bool:
        """Whether it names a person: its values are kept in the vault, tables hold their tokens."""
        return self.identifier_kind == "direct"

    @property
    def is_free_text(self) -> bool:
        """Whether people write what they like into it: a text that is no key and, by its name, no code."""
        return self.logical_type == "string" and not (self.is_direct or self.primary_key or CODES.fullmatch(self.name))


@dataclass(frozen=True)
class Rule:
    """One quality rule.

    kind `row`: `predicate` must hold on each row; `group`: on the values of one group of rows laid side by
    side (`arguments`: by, pivot, value, flags); `aggregate`: a library metric or query on the whole table; `reading`:
    a text that is none of the column's type is left out, and the row counts without it.
    """

    name: str
    kind: Literal["row", "group", "aggregate", "reading"]
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

    @property
    def direct(self) -> dict[str, str]:
        """Columns that hold tokens of the vault -> kind of the token."""
        return {f.name: f.token_kind or "" for f in self.fields if f.is_direct}

    def promised_hours(self, promise: str) -> float | None:
        """`frequency`, `latency` or `retention` in hours; None = not promised."""
        return self.sla[promise].hours if promise in self.sla else None

    @property
    def left_out(self) -> dict[str, str]:
        """Columns whose texts are left out where they do not read, each with the name of the warning."""
        return {str(r.field): r.name for r in self.rules if r.kind == "reading"}

    def row_rules(self, severity: Severity | None = None) -> tuple[Rule, ...]:
        return tuple(r for r in self.rules if r.kind == "row" and severity in (None, r.severity))


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

    def is_of_records(self, dataset_id: str) -> bool:
        """Whether departments' records feed the dataset (mappings of the shape `records`), not readings of stations."""
        return any(s.shape == "records" for s in self.feeding(dataset_id))

    def may_change_slice(self, dataset_id: str) -> bool:
        """Whether a correction can move a record to another slice, as its event time is no part of its key."""
        key = self[dataset_id].primary_key
        return any(s.shape == "records" and not s.is_time_in(key) for s in self.feeding(dataset_id))

    def behind(self, dataset_id: str) -> tuple[Source, ...]:
        """The sources whose records may be in a silver dataset: those that feed it or what it is made from, by name."""
        indirect = {s.source: s for origin in self[dataset_id].made_from for s in self.behind(origin)}
        found = indirect | {s.source: s for s in self.feeding(dataset_id)}
        return tuple(found[name] for name in sorted(found))

    def of_layer(self, layer: str) -> tuple[Dataset, ...]:
        return tuple(d for _, d in sorted(self.datasets.items()) if d.layer == layer)
