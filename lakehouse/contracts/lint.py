"""What is wrong with the contract files, one sentence per finding."""

import json
from collections.abc import Iterator

import jsonschema
import yaml

from lakehouse import reference
from lakehouse.contracts.derive.row_checks import columns_of, mask
from lakehouse.contracts.derive.schema import arrow_schema
from lakehouse.contracts.load import FOLDER, ContractError, contracts
from lakehouse.contracts.model import Contracts, Dataset, Source


def findings() -> list[str]:
    """All findings; empty = the contracts are sound."""
    try:
        known = contracts()
    except ContractError as error:
        return [str(error)]
    found = [*_custom_property_findings()]
    for dataset in known.datasets.values():
        found += _dataset_findings(dataset)
    for source in known.sources.values():
        found += _source_findings(source, known)
    return found


def _custom_property_findings() -> Iterator[str]:
    schema = json.loads((FOLDER / "_shared" / "custom_properties.schema.json").read_text("utf-8"))
    for path in sorted(FOLDER.rglob("*.odcs.yaml")):
        for place, properties in _custom_properties(yaml.safe_load(path.read_text("utf-8")), ""):
            for error in jsonschema.Draft202012Validator(schema).iter_errors(properties):
                yield f"{path.relative_to(FOLDER.parent)}:{place or ' contract'}: {error.message}."


def _custom_properties(node: object, place: str) -> Iterator[tuple[str, dict]]:
    if isinstance(node, dict):
        if "customProperties" in node:
            yield place, {p["property"]: p["value"] for p in node["customProperties"]}
        for key, value in node.items():
            yield from _custom_properties(value, f"{place} {key}" if isinstance(value, list) else place)
    elif isinstance(node, list):
        for item in node:
            yield from _custom_properties(
                item, f"{place} {item.get('name', '')}" if isinstance(item, dict) else place
            )


def _dataset_findings(dataset: Dataset) -> Iterator[str]:
    names = {f.name for f in dataset.fields}
    if not dataset.primary_key:
        yield f"{dataset.path}: no primary key; mark the columns that make a row unique."
    if not dataset.owner:
        yield f"{dataset.path}: no owner; name a team member with the role owner."
    if strange := set(dataset.publish) - names:
        yield f"{dataset.path}: publish lists {', '.join(sorted(strange))}, which are no columns."
    empty = arrow_schema(dataset).empty_table()
    for rule in dataset.row_rules():
        try:
            if strange := set(columns_of(rule.predicate)) - names:
                yield f"{dataset.path}: rule {rule.name} reads {', '.join(sorted(strange))}, which are no columns."
            else:
                mask(rule.predicate, empty)
        except ValueError as error:
            yield f"{dataset.path}: rule {rule.name}: {error}"
    for field in dataset.fields:
        if not field.description:
            yield f"{dataset.path}: column {field.name} has no description."


def _source_findings(source: Source, known: Contracts) -> Iterator[str]:
    place = f"contracts/{source.feeds.split('__')[0]}/sources ({source.source})"
    if source.feeds not in known.datasets:
        yield f"{place}: feeds {source.feeds}, for which there is no contract."
        return
    dataset = known[source.feeds]
    is_long = any(f.name == "pollutant_code" for f in dataset.fields)
    targets = (
        set(reference.lookup("pollutants", "pollutant_code", "unit_code"))
        if is_long
        else {f.name for f in dataset.fields}
    )
    for column, measure in source.measures.items():
        if measure.becomes not in targets:
            yield f"{place}: {column} becomes {measure.becomes}, which {source.feeds} does not know."
        elif not is_long and measure.unit and dataset.field(measure.becomes).unit:
            yield from _unit_finding(place, column, measure.unit, dataset.field(measure.becomes).unit)


def _unit_finding(place: str, column: str, sent: str, wanted: str | None) -> Iterator[str]:
    try:
        reference.conversion(sent, wanted or sent)
    except ValueError as error:
        yield f"{place}: {column}: {error}"
