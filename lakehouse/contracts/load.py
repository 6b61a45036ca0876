"""Contract files (ODCS v3.1 YAML) and source mappings -> the values of `model`, shared fields resolved."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from lakehouse.contracts.model import Contracts, Dataset, Field, Rule, Source
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts"


class ContractError(ValueError):
    """A contract or mapping file breaks a rule; the message names file, place, rule and mend."""


@cache
def contracts(folder: Path = FOLDER) -> Contracts:
    """All contracts and source mappings below `folder`.

    Raises ContractError with one sentence for each file that breaks a rule.
    """
    datasets = [load_dataset(path, shared_fields()) for path in sorted(folder.rglob("*.odcs.yaml"))]
    sources = [load_source(path) for path in sorted(folder.glob("*/sources/*.yaml"))]
    return Contracts({d.id: d for d in datasets}, {s.source: s for s in sources})


@cache
def shared_fields() -> dict[str, dict]:
    """Fields that columns inherit, by name (contracts/_shared/fields.yaml)."""
    return yaml.safe_load((FOLDER / "_shared" / "fields.yaml").read_text("utf-8"))


def load_dataset(path: Path, shared: dict[str, dict]) -> Dataset:
    """One ODCS file with one schema object -> Dataset."""
    place = _relative(path)
    try:
        raw = OpenDataContractStandard.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise ContractError(f"{place}: not a readable ODCS contract: {_first_line(error)}") from error
    if not raw.schema_ or len(raw.schema_) != 1:
        raise ContractError(
            f"{place}: `schema` must hold exactly one object; put each dataset into a file of its own."
        )
    own = _custom(raw.customProperties)
    table = raw.schema_[0]
    fields = tuple(_field(p, shared, place) for p in table.properties or [])
    return Dataset(
        id=raw.id,
        version=raw.version,
        name_en=own.get("nameEn", raw.name or raw.id),
        name_zh=own.get("nameZh", raw.name or raw.id),
        description=" ".join(
            filter(None, [raw.description.purpose if raw.description else None, table.description])
        ),
        grain=table.dataGranularityDescription or "",
        domain=raw.domain or "",
        layer=own.get("layer", "silver"),
        engine=own.get("engine", "sql"),
        fields=fields,
        primary_key=_primary_key(table),
        rules=tuple(_rules(table, fields, shared)),
        partition=own.get("partition"),
        publish=tuple(own.get("publish", {}).get("include", ())),
        owner=next(
            (m.username for m in (raw.team.members if raw.team else None) or [] if m.role == "owner"), ""
        ),
        licence=own.get("licence"),
        theme=own.get("theme"),
        tags=tuple(raw.tags or ()),
        sla={p.property: p.value for p in raw.slaProperties or []},
        origin=own.get("origin"),
        properties=own,
        path=place,
    )


def load_source(path: Path) -> Source:
    """One mapping file -> Source; the file's `source` names it, `bronze` defaults to that name."""
    body = yaml.safe_load(path.read_text("utf-8"))
    try:
        return Source.model_validate({"bronze": body.get("source"), **body})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"]) or "top level"
        raise ContractError(f"{_relative(path)}: {where}: {first['msg']}.") from error


def _field(raw: SchemaProperty, shared: dict[str, dict], place: str) -> Field:
    own = _custom(raw.customProperties)
    base = _inherited(own, shared, f"{place}: column {raw.name}")
    custom = {**base.get("customProperties", {}), **own}
    return Field(
        name=raw.name,
        logical_type=raw.logicalType or base.get("logicalType", "string"),
        required=bool(raw.required),
        primary_key=bool(raw.primaryKey),
        description=raw.description or base.get("description", ""),
        name_en=custom.get("nameEn", raw.businessName or raw.name),
        name_zh=custom.get("nameZh", raw.name),
        unit=custom.get("unit"),
        classification=raw.classification or base.get("classification", "public"),
        identifier_kind=custom.get("identifierKind"),
        examples=tuple(raw.examples or base.get("examples", ())),
        reference=custom.get("reference"),
        options={**base.get("logicalTypeOptions", {}), **(raw.logicalTypeOptions or {})},
    )


def _inherited(own: dict[str, Any], shared: dict[str, dict], place: str) -> dict[str, Any]:
    name = own.get("inherits")
    if name is None:
        return {}
    if name not in shared:
        raise ContractError(f"{place}: inherits {name}, which contracts/_shared/fields.yaml does not define.")
    return shared[name]


def _rules(table: SchemaObject, fields: tuple[Field, ...], shared: dict[str, dict]):
    for field, raw in zip(fields, table.properties or [], strict=True):
        yield from _implied_rules(field)
        inherited = _inherited(_custom(raw.customProperties), shared, field.name).get("quality", [])
        for quality in [*(DataQuality.model_validate(q) for q in inherited), *(raw.quality or [])]:
            yield _rule(quality, field.name)
    for quality in table.quality or []:
        yield _rule(quality, None)


def _implied_rules(field: Field):
    if field.required:
        yield _row_rule(
            f"{field.name}_required",
            f"{field.name} is not null",
            field,
            "completeness",
            f"{field.name} must be present.",
        )
    low, high = field.options.get("minimum"), field.options.get("maximum")
    if low is not None or high is not None:
        bounds = [
            f"{field.name} >= {low}" if low is not None else "",
            f"{field.name} <= {high}" if high is not None else "",
        ]
        predicate = f"{field.name} is null or ({' and '.join(b for b in bounds if b)})"
        words = f"{field.name_en} must lie between {low} and {high} {field.unit or ''}.".replace(
            "None", "any value"
        )
        yield _row_rule(f"{field.name}_in_range", predicate, field, "accuracy", words)


def _row_rule(name: str, predicate: str, field: Field, dimension: str, description: str) -> Rule:
    return Rule(name, "row", predicate, "error", dimension, description, field.name, {})


def _rule(raw: DataQuality, field: str | None) -> Rule:
    name = raw.name or f"{field or 'table'}_{raw.metric or raw.engine or raw.type}"
    given = raw.arguments if isinstance(raw.arguments, dict) else {}
    kind, predicate = "aggregate", raw.query or raw.metric or ""
    if raw.type == "custom" and raw.engine in ("row", "group"):
        kind, predicate = raw.engine, str(raw.implementation)
        given = {**given, **_custom(raw.customProperties)}
    elif raw.metric == "invalidValues" and raw.mustBe == 0 and "validValues" in given:
        values = ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in given["validValues"])
        kind, predicate = "row", f"{field} is null or {field} in ({values})"
    else:
        given = {
            **given,
            **raw.model_dump(include={"mustBe", "mustBeGreaterThan", "mustBeLessThan"}, exclude_none=True),
        }
    severity = raw.severity if raw.severity in ("error", "warning") else "error"
    return Rule(
        name, kind, predicate, severity, raw.dimension or "conformity", raw.description or name, field, given
    )


def _primary_key(table: SchemaObject) -> tuple[str, ...]:
    keys = [(p.primaryKeyPosition or 0, p.name) for p in table.properties or [] if p.primaryKey]
    return tuple(name for _, name in sorted(keys, key=lambda k: k[0]))


def _custom(properties: list | None) -> dict[str, Any]:
    return {p.property: p.value for p in properties or []}


def _relative(path: Path) -> str:
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
