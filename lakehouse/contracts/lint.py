"""What is wrong with the contract files, one sentence per finding."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa

from lakehouse import reference
from lakehouse.contracts.derive.row_checks import columns_of, mask
from lakehouse.contracts.derive.schema import arrow_schema
from lakehouse.contracts.load import FOLDER, contracts
from lakehouse.contracts.mapping_lint import source_findings
from lakehouse.contracts.model import Contracts, Dataset, Field, Rule
from lakehouse.contracts.yaml_file import ContractError, named, place, read

API_VERSION = "v3.1.0"
CHECKED_OPTIONS = {"minimum", "maximum", "timezone"}
GROUP_ARGUMENTS = {"by", "pivot", "value", "flags"}


def findings(folder: Path = FOLDER) -> list[str]:
    """All findings about the contracts below `folder`; empty = they are sound."""
    try:
        known = contracts(folder)
    except ContractError as error:
        return [str(error)]
    found = [f for path in sorted(folder.rglob("*.odcs.yaml")) for f in _file_findings(path)]
    found += [f for dataset in known.datasets.values() for f in _dataset_findings(dataset, known)]
    return found + [f for source in known.sources.values() for f in source_findings(source, known)]


def _file_findings(path: Path) -> Iterator[str]:
    """The raw file against ODCS's own JSON Schema and the closed list of custom properties."""
    body = json.loads(json.dumps(read(path), default=str))
    if body.get("apiVersion") != API_VERSION:
        yield f"{place(path)}: apiVersion {body.get('apiVersion')}; write {API_VERSION}."
    for error in _odcs().iter_errors(body):
        where = named(body, error.absolute_path)
        yield f"{place(path)}: {where}: {error.message}; write it as ODCS v3.1 says."
    for where, properties in _custom_properties(body, ""):
        for error in _closed_list().iter_errors(properties):
            yield f"{place(path)}:{where or ' contract'}: {error.message}; _shared lists what there is."


@cache
def _odcs() -> Any:
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    return jsonschema.Draft201909Validator(schema)


@cache
def _closed_list() -> Any:
    return jsonschema.Draft202012Validator(json.loads((FOLDER / "_shared/custom_properties.schema.json").read_text("utf-8")))


def _custom_properties(node: object, where: str) -> Iterator[tuple[str, dict]]:
    if isinstance(node, dict):
        if "customProperties" in node:
            yield where, {p.get("property"): p.get("value") for p in node["customProperties"]}
        for key, value in node.items():
            yield from _custom_properties(value, f"{where} {key}" if isinstance(value, list) else where)
    elif isinstance(node, list):
        for item in node:
            name = f" {item.get('name', '')}" if isinstance(item, dict) else ""
            yield from _custom_properties(item, where + name)


def _dataset_findings(dataset: Dataset, known: Contracts) -> Iterator[str]:
    names = [f.name for f in dataset.fields]
    if not dataset.primary_key:
        yield f"{dataset.path}: no primary key; mark the columns that make a row unique."
    if not dataset.owner:
        yield f"{dataset.path}: no owner; name a team member with the role owner."
    elif dataset.owner not in _owners():
        yield f"{dataset.path}: owner {dataset.owner} is not in contracts/_shared/owners.yaml; add its names there."
    if strange := set(dataset.publish) - set(names):
        yield f"{dataset.path}: publish lists {', '.join(sorted(strange))}, which are no columns."
    drawn = dataset.properties.get("geometry", ())
    if hidden := {*([drawn] if isinstance(drawn, str) else drawn)} - set(dataset.publish):
        yield f"{dataset.path}: geometry is drawn of {', '.join(sorted(hidden))}, which publish does not list; list it there."
    if twice := [n for n, count in Counter([*names, *(r.name for r in dataset.rules)]).items() if count > 1]:
        yield f"{dataset.path}: {', '.join(twice)} names two columns or rules; give each its own name."
    yield from (f"{dataset.path}: {said}" for said in (*_engine_findings(dataset, known), *_descent_findings(dataset, known)))
    for field in dataset.fields:
        yield from _field_findings(field, f"{dataset.path}: column {field.name}")
    for rule in dataset.rules:
        yield from _rule_findings(rule, dataset)


def _engine_findings(dataset: Dataset, known: Contracts) -> Iterator[str]:
    """What the engine that the contract names would miss."""
    hours = f"{dataset.id}_hourly"
    if known.is_of_records(dataset.id):
        if dataset.engine != "kernel" or dataset.partition != "_event_month":
            yield "records feed it; write engine: kernel and partition: _event_month."
    elif dataset.engine == "kernel" and known.feeding(dataset.id) and hours not in known.datasets:
        yield f"engine kernel also writes {hours}, for which there is no contract."


def _descent_findings(dataset: Dataset, known: Contracts) -> Iterator[str]:
    """A licence can only be told when every silver dataset says where its rows come from."""
    if strange := [name for name in dataset.made_from if name not in known.datasets]:
        yield f"madeFrom names {', '.join(strange)}, for which there is no contract."
    is_fed = dataset.made_from or any(s.feeds in (dataset.id, *_unknown(known)) for s in known.sources.values())
    if dataset.layer == "silver" and not is_fed:
        yield "no source feeds it; add a mapping in sources/, or madeFrom, or layer: gold."


def _unknown(known: Contracts) -> set[str]:
    """Datasets that mappings feed and nobody describes; each may be a slip for any dataset."""
    return {s.feeds for s in known.sources.values()} - known.datasets.keys()


@cache
def _owners() -> dict[str, Any]:
    return read(FOLDER / "_shared" / "owners.yaml")


def _field_findings(field: Field, where: str) -> Iterator[str]:
    if not field.description:
        yield f"{where} has no description."
    if field.reference and not reference.exists(field.reference):
        yield f"{where}: there is no code list {field.reference} in contracts/reference; add it."
    if field.is_direct != (field.token_kind is not None):
        yield f"{where}: identifierKind direct and tokenKind go together; a direct identifier is kept as a token of its kind."
    if field.is_direct and field.logical_type != "string":
        yield f"{where}: a direct identifier is kept as a token, which is a text; write logicalType string."
    if field.unit and field.unit not in reference.unit_codes().values():
        yield f"{where}: unit {field.unit} is not in contracts/reference/units.csv; write its UCUM code or add it."
    if strange := field.options.keys() - CHECKED_OPTIONS:
        yield f"{where}: logicalTypeOptions {', '.join(sorted(strange))} is checked nowhere; write a rule."


def _rule_findings(rule: Rule, dataset: Dataset) -> Iterator[str]:
    if rule.kind == "reading" and rule.field and dataset.field(rule.field).required:
        yield f"{dataset.path}: column {rule.field} is required and cannot be left out; write unreadable: error, or nothing."
    if rule.kind in ("aggregate", "reading"):
        return
    where = f"{dataset.path}: rule {rule.name}"
    columns: dict[str, Any] = {f.name: pa.array([], f.type) for f in arrow_schema(dataset)}
    if rule.kind == "group":
        if missing := GROUP_ARGUMENTS - rule.arguments.keys():
            yield f"{where}: a group rule needs the custom properties {', '.join(sorted(missing))}; add them."
            return
        columns = dict.fromkeys(rule.arguments["flags"], columns.get(rule.arguments["value"]))
    try:
        if not (names := columns_of(rule.predicate)):
            yield f"{where} reads no column; name what it is about."
        elif strange := set(names) - columns.keys():
            yield f"{where} reads {', '.join(sorted(strange))}, which are no columns."
        else:
            mask(rule.predicate, columns)
    except (ValueError, pa.ArrowException) as error:
        yield f"{where}: {' '.join(str(error).split())}"
