"""The data API: rows of the open datasets as JSON or CSV, page by page."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lakehouse.settings import settings
from portal import open_data, openapi, released
from portal.open_data import OpenDataset
from portal.query import Question, parse
from portal.serving_data import data
from publishing import dcat
from publishing.exporters.csv_file import as_text

router = APIRouter()
ROOT = "/api/v1"
CSV_TYPE = "text/csv; charset=utf-8"


@router.get(ROOT)
def index() -> JSONResponse:
    """The datasets that can be asked for."""
    return JSONResponse({"datasets": [describe(d) for d in open_data.listed() if d.facts], "openapi": "/openapi.json"})


@router.get("/openapi.json")
def description() -> JSONResponse:
    """OpenAPI 3.1 of this API, without outside references."""
    return JSONResponse(openapi.document([d for d in open_data.listed() if d.facts]))


@router.get("/catalog")
def catalog() -> Response:
    """The newest releases as DCAT-AP 3 in JSON-LD. Raises LookupError (404) before the first release."""
    newest = [v for theme in released.themes() if (v := released.latest(theme))]
    if not newest:
        raise LookupError("catalog")
    address = settings().portal_address()
    body = dcat.catalogue(
        [released.manifest_of(v) for v in newest],
        base=f"{address}/releases/{{theme}}/{{version}}/",
        portal=f"{address}/",
    )
    return JSONResponse(body, media_type="application/ld+json")


@router.get("/health")
def health() -> JSONResponse:
    """Is the portal up, and what does it serve? `empty`: no serving file yet, pages say what to do."""
    if data.key() is None:
        return JSONResponse({"status": "empty", "serving_version": None, "releases": {}})
    number = data.value("select number from meta.serving")
    versions = {theme: v.version for theme in released.themes() if (v := released.latest(theme))}
    return JSONResponse({"status": "ok", "serving_version": number, "releases": versions})


@router.get(f"{ROOT}/{{dataset_id}}")
def rows(dataset_id: str, request: Request) -> Response:
    """One page of rows. Raises LookupError (404) and BadParameter (400)."""
    dataset = open_data.get(dataset_id)
    if dataset.facts is None:
        raise LookupError(dataset_id)
    question = parse(dataset, request.query_params.multi_items())
    page, matched = data.query(*question.sql(dataset)), data.value(*question.count_sql(dataset))
    links = _links(request, question, matched)
    headers = {"Link": ", ".join(f'<{address}>; rel="{rel}"' for rel, address in links.items())} if links else {}
    if question.format == "csv":
        name = f'attachment; filename="{dataset.id}.csv"'
        return Response(as_csv(page), media_type=CSV_TYPE, headers={**headers, "Content-Disposition": name})
    return JSONResponse({**describe(dataset), "matched": matched, "returned": page.num_rows, "offset": question.offset,
                         "links": links, "rows": as_json(page)}, headers=headers)  # fmt: skip


def describe(dataset: OpenDataset) -> dict[str, Any]:
    """What every answer says of its dataset."""
    facts = dataset.facts
    return {
        "dataset": dataset.id,
        "title": {"en": dataset.contract.name_en, "zh": dataset.contract.name_zh},
        "contract_version": dataset.contract.version,
        "release": dataset.version.version if dataset.version else None,
        "origins": list(facts.origins) if facts else [],
        "data_as_of": _plain(facts.end) if facts else None,
        "provisional_rows": facts.provisional if facts else None,
        "licence": dataset.release["licence"]["url"] if dataset.release else None,
    }


def as_json(page: pa.Table) -> list[dict[str, Any]]:
    """Rows as JSON values: dates and times as ISO 8601 text, as in the CSV; what is no number is null."""
    return pa.table({name: _json_column(page[name]) for name in page.column_names}).to_pylist()


def _json_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return as_text(column)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64())
        return pc.if_else(pc.is_finite(numbers), numbers, None)
    return column


def as_csv(page: pa.Table) -> str:
    """Rows in the form of the released CSV files (RFC 4180, byte-order mark)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(page.column_names)
    writer.writerows(zip(*(as_text(column).to_pylist() for column in page.columns), strict=True))
    return "\ufeff" + text.getvalue()


def _plain(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else None


def _links(request: Request, question: Question, matched: int) -> dict[str, str]:
    """Addresses of the next and previous page, relative to the portal."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in ("limit", "offset")]

    def page(offset: int) -> str:
        return f"{request.url.path}?{urlencode([*kept, ('limit', question.limit), ('offset', offset)])}"

    links = {}
    if question.offset + question.limit < matched:
        links["next"] = page(question.offset + question.limit)
    if question.offset:
        links["prev"] = page(max(question.offset - question.limit, 0))
    return links
