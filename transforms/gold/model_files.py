"""Contracts -> the YAML that dbt must find on disk: sources, and descriptions, types and keys of the gold models.

python -m transforms.gold.model_files        writes the files; a test compares them with the contracts
"""

from pathlib import Path
from typing import Any

import yaml

from lakehouse.contracts import Contracts, Dataset, Field, contracts
from lakehouse.gold_models import MODELS
from transforms.gold.reference import reference_tables

FILE = "_contracts__generated.yml"
HEADER = "# Generated from contracts/ by `python -m transforms.gold.model_files`; changes here are lost.\n"

SPARK_TYPES = {
    "string": "string", "integer": "bigint", "number": "double", "boolean": "boolean", "date": "date", "timestamp": "timestamp",
}  # fmt: skip


def generated_files(found: Contracts | None = None) -> dict[Path, str]:
    """Path -> text of every generated file: the sources, and the gold models per theme (the domain of the contracts)."""
    found = found or contracts()
    files = {MODELS / "staging" / FILE: _text({"version": 2, "sources": _sources(found)})}
    for theme in sorted({d.domain for d in found.of_layer("gold")}):
        gold = [d for d in found.of_layer("gold") if d.domain == theme and d.engine == "dbt"]
        files[MODELS / "marts" / theme / FILE] = _text({"version": 2, "models": [_model(d) for d in gold]})
    return files


def spark_type(field: Field) -> str:
    """Spark SQL type of a contract's column; a timestamp without a zone is a local time."""
    if field.logical_type == "timestamp" and field.options.get("timezone") is False:
        return "timestamp_ntz"
    return SPARK_TYPES[field.logical_type]


def _sources(found: Contracts) -> list[dict[str, Any]]:
    silver = [_source_table(d) for d in found.of_layer("silver")]
    reference = [{"name": name.removeprefix("reference.")} for name in sorted(reference_tables())]
    return [
        {"name": "silver", "schema": "silver", "description": "Checked, conformed rows.", "tables": silver},
        {
            "name": "reference", "schema": "reference",
            "description": "Code lists, rule versions and KPI definitions of contracts/.", "tables": reference,
        },
    ]  # fmt: skip


def _source_table(dataset: Dataset) -> dict[str, Any]:
    columns = [{"name": f.name, "description": f.description} for f in dataset.fields]
    return {"name": dataset.id, "description": dataset.description, "columns": columns}


def _model(dataset: Dataset) -> dict[str, Any]:
    keys = {"grain_is_unique": {"arguments": {"columns": list(dataset.primary_key)}}}
    return {
        "name": dataset.id,
        "description": f"{dataset.description} Grain: {dataset.grain}.",
        "config": {"contract": {"enforced": True}, "meta": {"name_en": dataset.name_en, "name_zh": dataset.name_zh}},
        "data_tests": [keys],
        "columns": [_column(f, dataset) for f in dataset.fields],
    }


def _column(field: Field, dataset: Dataset) -> dict[str, Any]:
    meta = {"name_en": field.name_en, "name_zh": field.name_zh} | ({"unit": field.unit} if field.unit else {})
    column = {
        "name": field.name,
        "description": field.description,
        "data_type": spark_type(field),
        "config": {"meta": meta},
    }
    if field.reference == "stations" and dataset.id != "dim_stations":
        column["data_tests"] = [{"relationships": {"arguments": {"to": "ref('dim_stations')", "field": "station_id"}}}]
    return column


def _text(body: dict[str, Any]) -> str:
    return HEADER + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)


def write_files() -> None:
    for path, text in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    write_files()
