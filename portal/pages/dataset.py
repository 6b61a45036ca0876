"""The page of one dataset, and the page that browses its rows."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from lakehouse.contracts import Field
from portal import api, chart, open_data, released, series
from portal.open_data import OpenDataset
from portal.operation_records import UNKNOWN, gate_outcomes, quality_states
from portal.page import render
from portal.query import RESERVED, parse
from portal.serving_data import data
from transforms.entity_resolution.code_names import coded_columns

router = APIRouter()
PREVIEW_ROWS = 8
BROWSE_ROWS = 50
MOST_CHOICES = 100
"""A column with more distinct values, such as the id of each row, is no list to choose from."""


@router.get("/datasets/{dataset_id}")
def page(dataset_id: str, request: Request) -> Response:
    """Description, origin, downloads, chart, preview, dictionary, versions, checks. Raises LookupError (404)."""
    dataset = open_data.get(dataset_id)
    checks = [row for row in gate_outcomes() if row["table"] == dataset.contract.table]
    return render(
        request, "dataset.html.j2", d=dataset, c=dataset.contract, checks=checks,
        quality=quality_states(checks).get(dataset.contract.table, UNKNOWN),
        preview=preview(dataset), drawing=drawing(dataset, dict(request.query_params)), versions=history(dataset),
        codes=open_data.value_label,
    )  # fmt: skip


@router.get("/datasets/{dataset_id}/rows")
def rows(dataset_id: str, request: Request) -> Response:
    """Rows page by page with the filters of the API. Raises LookupError (404) and BadParameter (400)."""
    dataset = open_data.get(dataset_id)
    if dataset.facts is None:
        raise LookupError(dataset_id)
    given = [(k, v) for k, v in request.query_params.multi_items() if k != "lang" and v != ""]
    question = parse(dataset, given, default_limit=BROWSE_ROWS)
    found, matched = data.query(*question.sql(dataset)), data.value(*question.count_sql(dataset))
    kept = [(k, v) for k, v in given if k not in ("limit", "offset", "format")]
    return render(
        request, "rows.html.j2", d=dataset, c=dataset.contract, table=as_table(dataset, found), matched=matched,
        question=question,
        given=dict(given), kept=[(k, v) for k, v in kept if k not in filter_names(dataset)], codes=open_data.value_label,
        dimensions=filters(dataset),
        address=lambda offset: f"?{urlencode([*kept, ('limit', question.limit), ('offset', offset)])}",
        api_address=f"{api.ROOT}/{dataset.id}?{urlencode(kept)}", sortable=lambda name: sort_address(kept, name),
    )  # fmt: skip


def preview(dataset: OpenDataset) -> dict[str, Any] | None:
    """The newest rows, or the first ones of a dataset without time."""
    if dataset.facts is None:
        return None
    newest = [("sort", f"-{dataset.time_field.name}")] if dataset.time_field else []
    question = parse(dataset, [*newest, ("limit", str(PREVIEW_ROWS))])
    return as_table(dataset, data.query(*question.sql(dataset)))


def as_table(dataset: OpenDataset, found: Any) -> dict[str, Any]:
    """Fields and rows of cells, times as in the files."""
    fields = [f for f in dataset.fields if f.name in found.column_names]
    return {"fields": fields, "rows": [[row[f.name] for f in fields] for row in api.as_json(found)]}


def drawing(dataset: OpenDataset, given: dict[str, str]) -> dict[str, Any] | None:
    """The chart, its form and its figures; None when the dataset has none to draw. Raises BadParameter."""
    choice = series.choose(dataset, {k: v for k, v in given.items() if v})
    if choice is None:
        return None
    found = series.read(dataset, choice)
    return {
        "choice": choice, "series": found,
        "charts": [("wide", chart.draw(found)), ("narrow", chart.draw(found, chart.NARROW))],
        "measures": series.measures(dataset),
        "places": open_data.choices(dataset, choice.place.name) if choice.place else [],
        "further": [(f, open_data.choices(dataset, f.name), chosen) for f, chosen in choice.fixed],
    }  # fmt: skip


def history(dataset: OpenDataset) -> list[dict[str, Any]]:
    """The versions in which the dataset was released, newest first."""
    found = []
    for version in released.versions(dataset.contract.domain):
        told = next((d for d in released.manifest_of(version)["datasets"] if d["id"] == dataset.id), None)
        if told:
            found.append({"version": version, "rows": told["rows"], "table_version": told["table_version"]})
    return found


def filters(dataset: OpenDataset) -> list[tuple[Field, list[Any]]]:
    """Columns that the form of the rows page lets choose, with their values: keys and coded columns, where these are few."""
    keys = series.dimensions(dataset)
    coded = [f for f in dataset.fields if f not in keys and f.name in coded_columns() and f.name in dataset.types]
    offered = ((f, open_data.choices(dataset, f.name)) for f in (*keys, *coded))
    return [(f, values) for f, values in offered if len(values) <= MOST_CHOICES]


def filter_names(dataset: OpenDataset) -> set[str]:
    """The parameters that the form of the rows page sets itself."""
    moment = dataset.time_field
    own = {f.name for f, _ in filters(dataset)} | {"sort"}
    return own | ({f"{moment.name}.gte", f"{moment.name}.lte"} if moment else set()) | set(RESERVED)


def sort_address(kept: list[tuple[str, str]], column: str) -> str:
    """Address of the same rows ordered by a column; a second time, the other way round."""
    now = dict(kept).get("sort")
    others = [(k, v) for k, v in kept if k != "sort"]
    return f"?{urlencode([*others, ('sort', f'-{column}' if now == column else column)])}"
