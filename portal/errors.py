"""What a reader gets when something is wrong: one clear sentence, as a page or, below /api, as problem JSON (RFC 9457)."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from portal.login import LoginNeeded, NotAllowed
from portal.page import render
from portal.query import BadParameter, NotThere
from portal.released import Withdrawn
from portal.texts import Texts, negotiate

log = logging.getLogger(__name__)
MACHINE_PATHS = ("/api", "/catalog", "/openapi.json", "/health")


def install(app: FastAPI) -> None:
    """Register the answers to every kind of error."""
    app.add_exception_handler(BadParameter, lambda request, error: answer(request, 400, str(error)))
    app.add_exception_handler(Withdrawn, _withdrawn)
    app.add_exception_handler(LoginNeeded, _login)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(NotAllowed, lambda request, error: answer(request, 403, str(error)))
    app.add_exception_handler(NotThere, lambda request, error: answer(request, 404, str(error)))
    app.add_exception_handler(LookupError, lambda request, error: answer(request, 404))
    app.add_exception_handler(HTTPException, lambda request, error: answer(request, error.status_code))
    app.add_exception_handler(Exception, _unexpected)


def answer(request: Request, status: int, sentence: str | None = None) -> Response:
    """The error as page or JSON, in the reader's language when it has a sentence of its own."""
    t = Texts(negotiate(request))
    said = t.said(sentence) or t.known(f"error.{status}", HTTPStatus(status).phrase).format(path=request.url.path[:200])
    if is_program(request):
        body = {"title": HTTPStatus(status).phrase, "status": status, "detail": said}
        headers = {"Content-Language": t.language, "Vary": "Accept-Language, Cookie"}
        return JSONResponse(body, status, headers, media_type="application/problem+json")
    return render(request, "error.html.j2", status, code=status, sentence=said)


def is_program(request: Request) -> bool:
    """Whether the caller reads JSON: by the path, by a key, or, of deliveries, because it does not take a page."""
    is_call = request.url.path.startswith(MACHINE_PATHS) or "authorization" in request.headers
    return is_call or (request.url.path.startswith("/deliveries") and "text/html" not in request.headers.get("accept", ""))


def _unfit(request: Request, error: RequestValidationError) -> Response:
    """Names the first place that does not fit, never what stood there."""
    if not request.url.path.startswith(MACHINE_PATHS):
        return answer(request, 422)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return answer(request, 422, f"The call does not fit: {place}: {first['msg']}.")


def _login(request: Request, error: LoginNeeded) -> Response:
    """A person goes to the form and comes back; a program is told 401."""
    if request.method == "GET" and "authorization" not in request.headers and not request.url.path.startswith(MACHINE_PATHS):
        return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
    refused = answer(request, 401)
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused


def _withdrawn(request: Request, error: Withdrawn) -> Response:
    v = error.version
    said = Texts(negotiate(request))("error.withdrawn", theme=v.theme, version=v.version, date=v.recorded[:10], reason=v.reason)
    return answer(request, 410, said)


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, 500)
