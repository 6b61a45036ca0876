"""What the gates found: every check of every table, in the words of its contract."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.operation_records import gate_outcomes, quality_states
from portal.page import render

router = APIRouter()


@router.get("/quality")
def page(request: Request) -> Response:
    """The newest outcome of each check, by table."""
    outcomes = gate_outcomes()
    tables = [(name, state, [o for o in outcomes if o["table"] == name]) for name, state in quality_states(outcomes).items()]
    counts = {state: sum(o["state"] == state for o in outcomes) for state in ("passed", "warned", "failed")}
    return render(request, "quality.html.j2", tables=tables, counts=counts)
