"""Templates for those who deliver: an empty file with the columns that a source's contract expects."""

import csv
import io

from fastapi import APIRouter, Request
from starlette.responses import Response

from lakehouse.contracts import Source, contracts
from portal.page import render

router = APIRouter()


@router.get("/templates")
def index(request: Request) -> Response:
    """The sources that take files."""
    known = contracts()
    return render(request, "templates.html.j2", sources=[(s, known[s.feeds]) for s in file_sources()])


@router.get("/templates/{source}.csv")
def template(source: str) -> Response:
    """The header line of a source's files, in the delimiter that it takes. Raises LookupError (404)."""
    found = next((s for s in file_sources() if s.source == source), None)
    if found is None:
        raise LookupError(source)
    text = io.StringIO()
    csv.writer(text, delimiter=found.format.delimiter, lineterminator="\r\n").writerow(found.columns)
    name = f'attachment; filename="{found.source}.csv"'
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def file_sources() -> list[Source]:
    """Sources that arrive as tables with named columns; an extract of a map is none."""
    files = (s for _, s in sorted(contracts().sources.items()) if s.kind == "batch" and s.columns and s.format)
    return [s for s in files if s.format.type != "osm"]
