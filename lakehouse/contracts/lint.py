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
from lakehouse.contracts.model import Contracts, Dataset, Field, Measure, Rule, Source
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
    return found + [f for source in known.sources.values() for f in _source_findings(source, known)]


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
    if strange := set(dataset.publish) - set(names):
        yield f"{dataset.path}: publish lists {', '.join(sorted(strange))}, which are no columns."
    if twice := [n for n, count in Counter([*names, *(r.name for r in dataset.rules)]).items() if count > 1]:
        yield f"{dataset.path}: {', '.join(twice)} names two columns or rules; give each its own name."
    hours = f"{dataset.id}_hourly"
    if dataset.engine == "kernel" and known.feeding(dataset.id) and hours not in known.datasets:
        yield f"{dataset.path}: engine kernel also writes {hours}, for which there is no contract."
    for field in dataset.fields:
        yield from _field_findings(field, f"{dataset.path}: column {field.name}")
    for rule in dataset.rules:
        yield from _rule_findings(rule, dataset)


def _field_findings(field: Field, where: str) -> Iterator[str]:
    if not field.description:
        yield f"{where} has no description."
    if field.reference and not reference.exists(field.reference):
        yield f"{where}: there is no code list {field.reference} in contracts/reference; add it."
    if strange := field.options.keys() - CHECKED_OPTIONS:
        yield f"{where}: logicalTypeOptions {', '.join(sorted(strange))} is checked nowhere; write a rule."


def _rule_findings(rule: Rule, dataset: Dataset) -> Iterator[str]:
    if rule.kind == "aggregate":
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


def _source_findings(source: Source, known: Contracts) -> Iterator[str]:
    where = f"contracts/{source.feeds.split('__')[0]}/sources ({source.source})"
    others = {st: s.source for s in known.sources.values() if s is not source for st in s.system_types}
    if twice := [st for st in source.system_types if st in others]:
        yield f"{where}: system type {twice[0]} is taken by {others[twice[0]]}, too; list it under one of them."
    if source.feeds not in known.datasets:
        yield f"{where}: feeds {source.feeds}, for which there is no contract."
        return
    if not reference.lookup_station(source.station.issuer):
        yield f"{where}: reference/stations.csv has no station of issuer {source.station.issuer}; add one."
    lands = [s.columns for s in known.sources.values() if s.bronze == source.bronze and s.takes_files]
    landed = lands[0] if lands else source.reads
    if strange := [c for c in source.reads if c not in landed]:
        yield f"{where}: reads {', '.join(strange)}, which no file delivered to {source.bronze} has."
    for column, measure in source.measures.items():
        yield from (f"{where}: {column} {said}" for said in _measure_findings(measure, known[source.feeds]))


def _measure_findings(measure: Measure, dataset: Dataset) -> Iterator[str]:
    if any(f.name == "pollutant_code" for f in dataset.fields):
        wanted = dict(reference.lookup("pollutants", "pollutant_code", "unit_code"))
    else:
        wanted = {f.name: f.unit for f in dataset.fields}
    if measure.becomes not in wanted:
        yield f"becomes {measure.becomes}, which {dataset.id} does not know."
    elif measure.lookup and not reference.exists(measure.lookup):
        yield f"is looked up in {measure.lookup}, which is not in contracts/reference."
    elif measure.unit and (unit := wanted[measure.becomes]):
        try:
            reference.conversion(measure.unit, unit)
        except ValueError as error:
            yield f"becomes {measure.becomes}: {error}"
