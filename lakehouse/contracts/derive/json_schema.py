"""Contract -> JSON Schema (draft 2020-12) of one row, for senders and the edge."""

from datetime import date
from typing import Any

from lakehouse.contracts.model import Dataset, Field

JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
JSON_FORMATS = {"date": "date", "timestamp": "date-time"}


def json_schema(dataset: Dataset) -> dict[str, Any]:
    """JSON Schema of one row of the dataset; columns not in the contract are refused."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:lake:{dataset.id}:{dataset.version}",
        "title": dataset.name_en,
        "description": dataset.description,
        "type": "object",
        "additionalProperties": False,
        "required": [f.name for f in dataset.fields if f.required],
        "properties": {f.name: _property(f) for f in dataset.fields},
    }


def _property(field: Field) -> dict[str, Any]:
    kind = JSON_TYPES.get(field.logical_type, "string")
    out: dict[str, Any] = {
        "type": kind if field.required else [kind, "null"],
        "description": field.description,
    }
    if field.logical_type in JSON_FORMATS:
        out["format"] = JSON_FORMATS[field.logical_type]
    out |= {k: field.options[k] for k in ("minimum", "maximum") if k in field.options}
    return out | ({"examples": [_json(e) for e in field.examples]} if field.examples else {})


def _json(example: Any) -> Any:
    """YAML reads a date without quotes as a date; JSON writes it as text."""
    return example.isoformat() if isinstance(example, date) else example
