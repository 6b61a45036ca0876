"""How well the registers link, measured on a city whose truth is known."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal import linkage_figures
from portal.catch_words import catcher_words, column_words
from portal.operation_records import gate_outcomes
from portal.page import render

router = APIRouter()


@router.get("/linkage")
def page(request: Request) -> Response:
    """Share right, share found, best and worst township, defects caught, of the newest scoring."""
    figures = linkage_figures.newest()
    verdict = next((o for o in gate_outcomes() if o["table"] == linkage_figures.SCORES), None)
    return render(
        request, "linkage.html.j2", figures=figures, verdict=verdict, catcher_words=catcher_words, column_words=column_words
    )
