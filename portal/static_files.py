"""The style sheet and icon, the only files that pages need."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

router = APIRouter()
FOLDER = Path(__file__).parent / "static"
FILES = {"portal.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    """One of the named files. Raises LookupError (404) for any other."""
    if name not in FILES:
        raise LookupError(name)
    body = (FOLDER / name).read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=FILES[name], headers=headers)


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """Browsers ask for it unasked."""
    return static("icon.svg", request)
