"""What every answer and every call gets: security headers, a limit of calls for the API, a limit of bytes for forms."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.texts import Texts, negotiate

WINDOW_SECONDS = 60
MAX_CLIENTS = 10_000
MAX_FORM_BYTES = 20_000
FORMS_PER_MINUTE = 6
BY_KEY = ("/api/v1/verification/", "/deliveries")
BY_ACCOUNT = ("/deliveries", "/desk/")
"""Forms that nobody sends without an account; they count as calls."""
UPLOAD_PATH, MAX_UPLOAD_BYTES = "/deliveries", 1024**3 + MAX_FORM_BYTES
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class CallCounter:
    """Calls per client and fixed window of a minute, in memory; the least recently seen clients are forgotten first."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, client: str) -> tuple[int, int]:
        """Count one call: (calls left, negative when over the limit; seconds until the window ends)."""
        now = self._clock()
        started, calls = self._seen.pop(client, (now, 0))
        if now - started >= WINDOW_SECONDS:
            started, calls = now, 0
        self._seen[client] = (started, calls + 1)
        while len(self._seen) > MAX_CLIENTS:
            self._seen.popitem(last=False)
        return self.limit - calls - 1, math.ceil(started + WINDOW_SECONDS - now)


class PageCompression(GZipMiddleware):
    """Compresses pages and API answers, never released files: their checksum, ranges and resumed downloads are of the bytes
    as they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        compress = super().__call__ if not scope.get("path", "").startswith("/releases/") else self.app
        await compress(scope, receive, send)


class GuardMiddleware:
    """Adds the headers, counts calls below /api/ and forms sent, refuses forms too long or from another site."""

    def __init__(self, app: ASGIApp, calls_per_minute: int) -> None:
        self.app = app
        self.calls, self.forms = CallCounter(calls_per_minute), CallCounter(FORMS_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        extra, answer = dict(HEADERS), self.app
        client = (scope.get("client") or ("unknown",))[0]
        if _is_by_key(scope):
            pass  # the call is of an account, and the service that it asks counts by account
        elif scope["path"].startswith("/api/"):
            left, seconds = self.calls.count(client)
            extra |= _rate_headers(self.calls.limit, left, seconds)
            answer = _too_many(scope, self.calls.limit, seconds) if left < 0 else answer
        elif scope["method"] == "POST":
            answer = self._refused_form(scope, client) or answer
        await answer(scope, receive, _with_headers(send, extra))

    def _refused_form(self, scope: Scope, client: str) -> Response | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _refused(scope, 403, "This form takes entries from its own page only; open the page and write there.")
        length = headers.get(b"content-length", "")
        if not length.isdigit():
            return _refused(scope, 411, "A form must state its length (Content-Length).")
        limit = MAX_UPLOAD_BYTES if scope["path"] == UPLOAD_PATH else MAX_FORM_BYTES
        if int(length) > limit:
            return _refused(scope, 413, f"The form holds more than {limit:,} bytes; send less at a time.")
        left, seconds = (self.calls if scope["path"].startswith(BY_ACCOUNT) else self.forms).count(client)
        if left < 0:
            return _refused(scope, 429, f"Too many forms in a minute; wait {seconds} seconds.", {"Retry-After": str(seconds)})
        return None


def _refused(scope: Scope, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """The sentence in the reader's language: text for a page's form, problem JSON for a program that delivers."""
    request = Request(scope)
    if scope["path"].startswith(UPLOAD_PATH) and "text/html" not in request.headers.get("accept", ""):
        return _problem(scope, status, sentence, headers)
    return PlainTextResponse(Texts(negotiate(request)).said(sentence), status, headers)


def _problem(scope: Scope, status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    said = Texts(negotiate(Request(scope))).said(sentence)
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": said}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _is_by_key(scope: Scope) -> bool:
    has_key = any(name == b"authorization" for name, _ in scope["headers"])
    return has_key and scope["path"].startswith(BY_KEY)


def _rate_headers(limit: int, left: int, seconds: int) -> dict[str, str]:
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(max(left, 0)), "RateLimit-Reset": str(seconds)}


def _too_many(scope: Scope, limit: int, seconds: int) -> JSONResponse:
    said = f"More than {limit} calls in a minute; wait {seconds} seconds, or download the whole file from the dataset's page."
    return _problem(scope, 429, said, {"Retry-After": str(seconds)})


def _with_headers(send: Send, extra: MutableMapping[str, Any]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in extra.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
