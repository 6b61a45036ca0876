"""The calls `verify`, `compare` and `lookup` (POST, JSON, `Authorization: Bearer` with an officer's key)."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from portal.errors import answer
from portal.login import required
from portal.verification import service
from portal.verification.index import NoRegister
from portal.verification.purposes import NotForThisPurpose
from portal.verification.service import TooMany
from portal.verification.statements import BadStatement

ROOT = "/api/v1/verification"
PACE_SECONDS = 0.05
"""Answers leave at whole multiples of this after the call came in, so that their time does not tell what the work was."""
STATUS: dict[type[Exception], int] = {NotForThisPurpose: 403, BadStatement: 422, TooMany: 429}
Arguments = dict[str, str]


class OfOfficers(APIRoute):
    """A call whose key is looked at before a byte of its body is: whoever may not ask is told nothing else (401, 403)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def of_officer(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(required, request, "officer")
            return await handle(request)

        return of_officer


router = APIRouter(route_class=OfOfficers)


@router.post(f"{ROOT}/verify")
async def verify(
    request: Request, purpose: Annotated[str, Body()], statement: Annotated[str, Body()], arguments: Annotated[Arguments, Body()]
) -> Response:
    """Is the statement true by the registers? `yes`, `no` or `unknown`."""
    asked = service.Asked("verify", purpose, statement)
    return await _paced(request, asked, lambda caller: service.verify(caller, purpose, statement, arguments))


@router.post(f"{ROOT}/compare")
async def compare(request: Request, purpose: Annotated[str, Body()], rows: Annotated[list[Arguments], Body()]) -> Response:
    """Which fields of the rows agree with the registers?"""
    return await _paced(request, service.Asked("compare", purpose), lambda caller: service.compare(caller, purpose, rows))


@router.post(f"{ROOT}/lookup")
async def lookup(request: Request, purpose: Annotated[str, Body()], arguments: Annotated[Arguments, Body()]) -> Response:
    """The masked profile of a citizen number."""
    return await _paced(request, service.Asked("lookup", purpose), lambda caller: service.lookup(caller, purpose, arguments))


async def _paced(request: Request, asked: service.Asked, work: Callable[[Any], dict[str, Any]]) -> Response:
    begun = time.monotonic()
    made = await run_in_threadpool(_answer, request, asked, work)
    spent = time.monotonic() - begun
    await asyncio.sleep(math.ceil(spent / PACE_SECONDS) * PACE_SECONDS - spent)
    return made


def _answer(request: Request, asked: service.Asked, work: Callable[[Any], dict[str, Any]]) -> Response:
    caller = request.state.caller
    try:
        return JSONResponse(work(caller))
    except NoRegister:
        return answer(request, 503, "The registers are not built yet; the operator runs `lake run`.")
    except (NotForThisPurpose, BadStatement, TooMany) as error:
        if not isinstance(error, TooMany):
            service.note_refused(caller, asked)
        return answer(request, STATUS[type(error)], str(error))
