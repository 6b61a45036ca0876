"""The data dictionary: what every dataset of a theme is and what its columns mean, in both languages; no values.

Also of datasets that are not open: who may ask for them has to know that they are there.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lakehouse.contracts import Dataset, contracts
from portal import open_data
from portal.page import render
from publishing.exporters import texts

router = APIRouter()
THEMES = ("population", "enterprise", "geography", "environment")
KINDS = ("gold", "register", "source")


@router.get("/dictionary")
def index(request: Request) -> Response:
    """Datasets by theme: those to ask questions of, the registers, and what departments and devices send."""
    known = [d for d in contracts().datasets.values() if kind_of(d)]
    by_theme = {t: {k: [d for d in known if (d.domain, kind_of(d)) == (t, k)] for k in KINDS} for t in THEMES}
    return render(request, "dictionary.html.j2", themes=by_theme, is_open=_open())


@router.get("/dictionary/{dataset_id}")
def page(dataset_id: str, request: Request) -> Response:
    """One dataset, column by column. Raises LookupError (404) for a name that the dictionary does not hold."""
    dataset = contracts().datasets.get(dataset_id)
    if dataset is None or not kind_of(dataset):
        raise LookupError(dataset_id)
    fed_by = [source.source for source in contracts().feeding(dataset_id)]
    told = texts(dataset)
    return render(request, "dictionary_dataset.html.j2", d=dataset, told=told, fed_by=fed_by, is_open=dataset_id in _open())


def kind_of(dataset: Dataset) -> str | None:
    """`gold`, `register` or `source`; None for what no reader asks for: work tables and the template."""
    if dataset.domain not in THEMES:
        return None
    if dataset.layer == "gold":
        return "gold"
    if dataset.id.startswith("entity__"):
        return "register"
    return "source" if contracts().feeding(dataset.id) else None


def _open() -> set[str]:
    return {dataset.id for dataset in open_data.listed()}
