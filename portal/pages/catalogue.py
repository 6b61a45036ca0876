"""The first page: all open datasets, searched and filtered."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal import chart, open_data, series
from portal.open_data import OpenDataset
from portal.operation_records import UNKNOWN, quality_states
from portal.page import render

router = APIRouter()
MAX_SEARCH = 100


@router.get("/")
def catalogue(request: Request) -> Response:
    """Datasets that hold every word of `q`, in the chosen band."""
    asked, band = request.query_params.get("q", "")[:MAX_SEARCH], request.query_params.get("band", "")
    everything = open_data.listed()
    found = [d for d in everything if matches(d, asked) and (not band or band in d.bands)]
    states = quality_states()
    return render(
        request, "catalogue.html.j2", q=asked, band=band, total=len(everything),
        cards=[card(d, states) for d in sorted(found, key=weight)],
        bands=sorted({b for d in everything for b in d.bands}), rows=sum(d.facts.rows for d in everything if d.facts),
        codes=open_data.value_label,
    )  # fmt: skip


def matches(dataset: OpenDataset, asked: str) -> bool:
    """Every word stands somewhere in the names, description, keywords or columns, whatever the case."""
    contract = dataset.contract
    texts = [contract.id, contract.name_en, contract.name_zh, contract.description, *contract.tags]
    texts += [text for f in dataset.fields for text in (f.name, f.name_en, f.name_zh)]
    whole = " ".join(texts).lower()
    return all(word in whole for word in asked.lower().split())


def weight(dataset: OpenDataset) -> tuple[int, str]:
    """Tables of readings before lists and calendars."""
    rank = {"agg": 0, "fct": 1, "dim": 3}.get(dataset.id.split("_")[0], 2)
    return rank, dataset.id


def card(dataset: OpenDataset, states: dict[str, Any]) -> dict[str, Any]:
    """What a card of the list shows; `spark` is a small line of the first measure."""
    choice = series.choose(dataset, {})
    drawn = chart.draw(series.read(dataset, choice)) if choice else None
    return {
        "dataset": dataset,
        "quality": states.get(dataset.contract.table, UNKNOWN),
        "formats": sorted({f["path"].rsplit(".", 1)[-1].upper() for f in dataset.files("data")}),
        "spark": drawn and drawn.middle,
        "choice": choice,
        "box": drawn and f"{drawn.left} {drawn.top} {drawn.right - drawn.left} {drawn.bottom - drawn.top}",
    }
