"""Contract files (ODCS v3.1 YAML) and source mappings -> the values of `model`, shared fields resolved."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
    Team,
)
from pydantic import ValidationError

from lakehouse.contracts import rules
from lakehouse.contracts.mapping import Source
from lakehouse.contracts.model import Contracts, Dataset, Engine, Field, Layer, LogicalType, Promise, Rule
from lakehouse.contracts.yaml_file import ContractError, first_problem, place, read
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts"


@cache
def contracts(folder: Path = FOLDER) -> Contracts:
    """All contracts and source mappings below `folder`.

    Raises ContractError with one sentence on the first file that breaks a rule.
    """
    shared = shared_fields(folder)
    datasets: dict[str, Dataset] = {}
    for path in sorted(folder.rglob("*.odcs.yaml")):
        dataset = load_dataset(path, shared)
        if dataset.id in datasets:
            raise ContractError(f"{place(path)}: id {dataset.id} is taken by {datasets[dataset.id].path}; choose another.")
        datasets[dataset.id] = dataset
    sources: dict[str, Source] = {}
    for path in sorted(folder.glob("*/sources/*.yaml")):
        source = load_source(path)
        if source.source in sources:
            raise ContractError(f"{place(path)}: source {source.source} is taken by another file; choose another name.")
        sources[source.source] = source
    return Contracts(datasets, sources)


@cache
def shared_fields(folder: Path = FOLDER) -> dict[str, dict]:
    """Fields that columns inherit, by name (`_shared/fields.yaml`)."""
    return read(folder / "_shared" / "fields.yaml")


def load_dataset(path: Path, shared: dict[str, dict]) -> Dataset:
    """One ODCS file with one schema object -> Dataset. Raises ContractError."""
    body, file = read(path), place(path)
    try:
        raw = OpenDataContractStandard.model_validate(body)
    except ValidationError as error:
        raise ContractError(f"{file}: {first_problem(error, body)}; write it as ODCS v3.1 says.") from error
    if not raw.schema_ or len(raw.schema_) != 1:
        raise ContractError(f"{file}: `schema` must hold exactly one object; give each dataset a file of its own.")
    own = rules.custom(raw.customProperties)
    table = raw.schema_[0]
    fields = tuple(_field(p, shared, file) for p in table.properties or [])
    names = raw.name or raw.id or ""
    return Dataset(
        id=_given(raw.id, "id", file),
        version=_given(raw.version, "version", file),
        name_en=own.get("nameEn", names),
        name_zh=own.get("nameZh", names),
        description=" ".join(filter(None, [raw.description and raw.description.purpose, table.description])),
        grain=table.dataGranularityDescription or "",
        domain=raw.domain or "",
        layer=_one_of(own.get("layer", "silver"), Layer, f"{file}: layer"),
        engine=_one_of(own.get("engine", "sql"), Engine, f"{file}: engine"),
        fields=fields,
        primary_key=_primary_key(table),
        rules=tuple(_rules(table, fields, shared, file)),
        partition=own.get("partition"),
        publish=tuple(own.get("publish", {}).get("include", ())),
        owner=_owner(raw.team),
        licence=own.get("licence"),
        theme=own.get("theme"),
        tags=tuple(raw.tags or ()),
        sla={p.property: _promise(p, file) for p in raw.slaProperties or [] if p.property},
        origin=own.get("origin"),
        properties=own,
        path=file,
    )


def load_source(path: Path) -> Source:
    """One mapping file -> Source; `bronze` defaults to the name in `source`. Raises ContractError."""
    body = read(path)
    try:
        return Source.model_validate({"bronze": body.get("source"), **body, "path": place(path)})
    except ValidationError as error:
        raise ContractError(f"{place(path)}: {first_problem(error, body)}; the template's mapping shows the form.") from error


def _promise(raw: ServiceLevelAgreementProperty, file: str) -> Promise:
    if raw.unit not in Promise.HOURS or not isinstance(raw.value, int | float):
        said = f"is {raw.value} {raw.unit}; write a number and one of {', '.join(Promise.HOURS)}"
        raise ContractError(f"{file}: slaProperties {raw.property} {said}.")
    return Promise(float(raw.value), raw.unit)


def _field(raw: SchemaProperty, shared: dict[str, dict], file: str) -> Field:
    name = _given(raw.name, "name of a property", file)
    own = rules.custom(raw.customProperties)
    base = _inherited(own, shared, f"{file}: column {name}")
    about = {**base.get("customProperties", {}), **own}
    kind = "binary" if raw.physicalType == "binary" else raw.logicalType or base.get("logicalType", "string")
    return Field(
        name=name,
        logical_type=_one_of(kind, LogicalType, f"{file}: column {name}: logicalType"),
        required=bool(raw.required),
        primary_key=bool(raw.primaryKey),
        description=raw.description or base.get("description", ""),
        name_en=about.get("nameEn", raw.businessName or name),
        name_zh=about.get("nameZh", name),
        unit=about.get("unit"),
        classification=raw.classification or base.get("classification", "public"),
        identifier_kind=about.get("identifierKind"),
        token_kind=about.get("tokenKind"),
        examples=tuple(raw.examples or base.get("examples", ())),
        reference=about.get("reference"),
        options={**base.get("logicalTypeOptions", {}), **(raw.logicalTypeOptions or {})},
    )


def _inherited(own: dict[str, Any], shared: dict[str, dict], where: str) -> dict[str, Any]:
    name = own.get("inherits")
    if name is None:
        return {}
    if name not in shared:
        raise ContractError(f"{where}: inherits {name}, which is not in _shared/fields.yaml; define it there.")
    return shared[name]


def _rules(table: SchemaObject, fields: tuple[Field, ...], shared: dict[str, dict], file: str) -> Iterator[Rule]:
    for field, raw in zip(fields, table.properties or [], strict=True):
        yield from rules.implied(field)
        own_words = rules.custom(raw.customProperties)
        inherited = _inherited(own_words, shared, file)
        if {**inherited.get("customProperties", {}), **own_words}.get("unreadable") == "warning":
            yield rules.leaving_out(field)
        own = (DataQuality.model_validate(rules.of_column(q, field.name)) for q in inherited.get("quality", []))
        for quality in [*own, *(raw.quality or [])]:
            yield rules.written(quality, field.name, file)
    for quality in table.quality or []:
        yield rules.written(quality, None, file)


def _primary_key(table: SchemaObject) -> tuple[str, ...]:
    keys = [(p.primaryKeyPosition or 0, p.name or "") for p in table.properties or [] if p.primaryKey]
    return tuple(name for _, name in sorted(keys, key=lambda k: k[0]))


def _owner(team: Team | list | None) -> str:
    members = (team.members if isinstance(team, Team) else team) or []
    return next((m.username for m in members if m.role == "owner" and m.username), "")


def _given(value: str | None, what: str, file: str) -> str:
    if not value:
        raise ContractError(f"{file}: the {what} is missing; ODCS v3.1 requires it.")
    return value


def _one_of(value: str, choice: Any, where: str) -> Any:
    if value not in get_args(choice):
        raise ContractError(f"{where} {value!r}; write one of {', '.join(get_args(choice))}.")
    return value
