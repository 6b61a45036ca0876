"""What the platform did: freshness of the data, the newest steps, the ledger of streams."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.operation_records import freshness, run_outcomes, streams
from portal.page import render

router = APIRouter()


@router.get("/operations")
def page(request: Request) -> Response:
    """The newest steps and the state of every open dataset."""
    return render(
        request,
        "operations.html.j2",
        freshness=freshness(),
        runs=run_outcomes(),
        streams=streams(),
    )
