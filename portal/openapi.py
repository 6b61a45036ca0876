"""OpenAPI 3.1 of the API, made from the contracts: one path per dataset with its columns as typed parameters."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lakehouse.contracts import Field
from lakehouse.contracts.derive import json_schema
from lakehouse.settings import settings
from portal.open_data import OpenDataset
from portal.query import DEFAULT_LIMIT, FORMATS, MAX_LIMIT, MAX_OFFSET, MAX_TEXT, OPERATORS, ORDERED
from portal.verification import description as verification

VALUE_SCHEMAS: dict[str, dict[str, Any]] = {
    "string": {"type": "string", "maxLength": MAX_TEXT, "pattern": r"^[^\u0000]*$"},
    "integer": {"type": "integer", "minimum": -(2**63) + 1, "maximum": 2**63 - 1},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}
WORDS = {"": "equals the value; repeat for any of several", "gt": "is after or above", "gte": "is at or after",
         "lt": "is before or below", "lte": "is at or before"}  # fmt: skip
PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_ANSWER = {
    "description": "One sentence on what is wrong.",
    "content": {"application/problem+json": {"schema": PROBLEM}},
}


def document(datasets: list[OpenDataset]) -> dict[str, Any]:
    """The whole description; every reference points into itself."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Open data API",
            "version": _version(),
            "description": "Rows of the open datasets, 60 calls a minute without a key.",
        },
        "servers": [{"url": settings().public_url.rstrip("/") or "/"}],
        "paths": {
            "/api/v1": {"get": _get("listDatasets", "The open datasets", [], {"type": "object"})},
            **{f"/api/v1/{d.id}": {"get": _rows(d)} for d in datasets},
            "/catalog": {
                "get": _get(
                    "catalog",
                    "The newest releases as DCAT-AP 3",
                    [],
                    {"type": "object"},
                    "application/ld+json",
                    ("404",),
                )
            },
            **verification.paths(_PROBLEM_ANSWER),
            "/deliveries": {"post": _delivery()},
            "/health": {"get": _get("health", "Is the portal up, and what does it serve?", [], {"type": "object"})},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _problem(), **{d.id: _page(d) for d in datasets}},
        },
    }


def _rows(dataset: OpenDataset) -> dict[str, Any]:
    page = {"$ref": f"#/components/schemas/{dataset.id}"}
    told = _get(f"rows_{dataset.id}", dataset.contract.name_en, _parameters(dataset), page, failures=("400",))
    told["description"] = f"{dataset.contract.description} Grain: {dataset.contract.grain}."
    told["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    return told


def _delivery() -> dict[str, Any]:
    """The call by which a department delivers a file; `rows` and `sha256` tell a file that was cut off on its way."""
    fields = {
        "file": {"type": "string", "format": "binary"},
        "source": {"type": "string", "description": "Name of the source, e.g. population__deaths__hc_deaths."},
        "period": {"type": "string", "format": "date", "description": "The day of whose end the rows speak."},
        "revision": {"type": "integer", "minimum": 0, "description": "A correction has a higher one than what it corrects."},
        "rows": {"type": "integer", "minimum": 0, "description": "Rows of the file; with another number it is refused."},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the file; with another it is refused."},
        "dry_run": {"type": "boolean", "description": "Say what would come of it; nothing is kept."},
    }
    form = {"type": "object", "required": ["file", "source"], "properties": fields}
    answers = {
        "200": "Known before (`known` is true), or a rehearsal.",
        "201": "Received; the signed receipt.",
        "422": "Refused and kept; the receipt says why.",
    }
    known = {"type": "boolean", "description": "The same file had come before; not part of what is signed."}
    receipt = {"content": {"application/json": {"schema": {"type": "object", "properties": {"known": known}}}}}
    problems = dict.fromkeys(("400", "401", "403", "404", "411", "413", "429"), _PROBLEM_ANSWER)
    return {
        "operationId": "deliver",
        "summary": "Deliver a file of a department",
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {status: {"description": said, **receipt} for status, said in answers.items()} | problems,
    }


def _get(
    operation: str,
    summary: str,
    parameters: list,
    schema: dict,
    media: str = "application/json",
    failures: tuple[str, ...] = (),
) -> dict[str, Any]:
    answers = dict.fromkeys((*failures, "429"), _PROBLEM_ANSWER)
    return {"operationId": operation, "summary": summary, "parameters": parameters,
            "responses": {"200": {"description": "The answer.", "content": {media: {"schema": schema}}}, **answers}}  # fmt: skip


def _parameters(dataset: OpenDataset) -> list[dict[str, Any]]:
    shown = [f for f in dataset.fields if f.name in dataset.types]
    name = f"-?({'|'.join(f.name for f in shown)})"
    plain = name.removeprefix("-?")
    return [
        _parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            "Rows of a page.",
        ),
        _parameter("offset", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}, "Rows to skip."),
        _parameter(
            "sort",
            {"type": "string", "pattern": f"^{name}(,{name})*$"},
            "Columns to order by, `-` for descending.",
        ),
        _parameter("columns", {"type": "string", "pattern": f"^{plain}(,{plain})*$"}, "Columns of the answer."),
        _parameter("format", {"type": "string", "enum": list(FORMATS), "default": FORMATS[0]}, "Form of the answer."),
        *(parameter for field in shown for parameter in _filters(field)),
    ]


def _filters(field: Field) -> list[dict[str, Any]]:
    schema = VALUE_SCHEMAS[field.logical_type]
    operators = [o for o in OPERATORS if not o or field.logical_type in ORDERED]
    filters = [
        _parameter(
            f"{field.name}{'.' if o else ''}{o}",
            schema if o else {"type": "array", "items": schema},
            f"{field.name_en} {WORDS[o]}.",
        )
        for o in operators
    ]
    return [*filters, _parameter(f"{field.name}.null", {"type": "boolean"}, f"{field.name_en} is missing.")]


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _page(dataset: OpenDataset) -> dict[str, Any]:
    row = json_schema(dataset.contract)
    shown = {name: _nullable(schema) for name, schema in row["properties"].items() if name in dataset.types}
    return {
        "type": "object",
        "required": ["dataset", "matched", "returned", "offset", "links", "rows"],
        "properties": {
            "dataset": {"const": dataset.id}, "matched": {"type": "integer"}, "returned": {"type": "integer"},
            "offset": {"type": "integer"}, "links": {"type": "object", "additionalProperties": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "object", "properties": shown, "additionalProperties": False}},
        },
    }  # fmt: skip


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """A column as an answer may hold it: a local time has no zone, so `date-time` is left out of the promise."""
    kept = {k: v for k, v in schema.items() if k in ("description", "type", "format", "examples") and v != "date-time"}
    kind = kept["type"] if isinstance(kept["type"], list) else [kept["type"], "null"]
    return {**kept, "type": kind}


def _problem() -> dict[str, Any]:
    return {"type": "object", "required": ["title", "status", "detail"],
            "properties": {"title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}}  # fmt: skip


def _version() -> str:
    try:
        return version("smart-city-lakehouse")
    except PackageNotFoundError:
        return "0"
