"""Receives sealed segments by HTTP and puts them into the landing folder, as a collector's folder uplink would.

    POST /segments/{collector}/{source}/{number}    body: the segment; X-Content-SHA256: its hash (hex)
        201 stored, 200 was there already; both confirm {"sha256"}. 401 token, 409 number taken by other content,
        413 too large, 422 hash or address wrong. Stored means: fsync of file and folder is done.
    POST /heartbeats/{collector}                    body: the heartbeat (JSON)
Both want `Authorization: Bearer <token>`, the token of that collector (`tokens.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from ingestion.streaming import landing, tokens
from ingestion.streaming.segment import MAX_BYTES
from lakehouse.settings import settings

MAX_HEARTBEAT_BYTES = 256 * 1024
_SOURCE = re.compile(r"[a-z0-9]+(_{1,2}[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def application() -> FastAPI:
    """The receiver's web application."""
    app = FastAPI(title="Segment receiver", docs_url=None, redoc_url=None, openapi_url=None)
    known = [Depends(_known_collector)]
    app.post("/segments/{collector}/{source}/{number}", dependencies=known)(receive_segment)
    app.post("/heartbeats/{collector}", dependencies=known)(receive_heartbeat)
    app.get("/health")(lambda: {"state": "ok"})
    return app


def _known_collector(collector: str, authorization: Annotated[str, Header()] = "") -> None:
    scheme, _, token = authorization.partition(" ")
    is_named = tokens.COLLECTOR.fullmatch(collector)
    if not is_named or scheme.lower() != "bearer" or not tokens.is_valid(collector, token.strip()):
        raise HTTPException(401, f"The token is not that of collector {collector}.", {"WWW-Authenticate": "Bearer"})


async def receive_segment(
    collector: str, source: str, number: int, request: Request, response: Response,
    x_content_sha256: Annotated[str, Header()] = "",
) -> dict[str, str]:  # fmt: skip
    """Store one segment; the answer confirms its hash."""
    if not _SOURCE.fullmatch(source) or not 0 < number < 10**12 or not _SHA256.fullmatch(x_content_sha256):
        raise HTTPException(422, "Send /segments/collector/source/number and X-Content-SHA256 with 64 hex digits.")
    target = landing.folder() / collector / source / f"{number:012d}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".tmp", delete=False) as beside:
        try:
            sha256 = await _save(request, beside, MAX_BYTES)
            if sha256 != x_content_sha256:
                raise HTTPException(422, f"The body has the SHA-256 {sha256}, not the one that its header states.")
            is_new = await run_in_threadpool(_store, Path(beside.name), target, sha256)
        finally:
            Path(beside.name).unlink(missing_ok=True)
    response.status_code = 201 if is_new else 200
    return {"sha256": sha256}


async def receive_heartbeat(collector: str, request: Request) -> dict[str, str]:
    """Keep the latest heartbeat of a collector."""
    folder = settings().landing / "heartbeats"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".tmp", delete=False) as beside:
        try:
            await _save(request, beside, MAX_HEARTBEAT_BYTES)
            json.loads(Path(beside.name).read_bytes())
            os.replace(beside.name, folder / f"{collector}.json")
        except ValueError:
            raise HTTPException(422, "A heartbeat is a JSON object.") from None
        finally:
            Path(beside.name).unlink(missing_ok=True)
    return {"state": "ok"}


async def _save(request: Request, file, limit: int) -> str:
    """Write the body through to the file, at most `limit` bytes, and make it durable; its SHA-256."""
    digest, size = hashlib.sha256(), 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise HTTPException(413, f"The body is larger than {limit} bytes; let the collector seal smaller segments.")
        digest.update(part)
        file.write(part)
    file.flush()
    await run_in_threadpool(os.fsync, file.fileno())
    return digest.hexdigest()


def _store(beside: Path, target: Path, sha256: str) -> bool:
    """Give the file its name unless the segment is there or was landed already: True when it is new."""
    for held in (target, target.parent / "done" / target.name):
        if held.exists():
            if hashlib.sha256(held.read_bytes()).hexdigest() == sha256:
                return False
            raise HTTPException(409, f"Another segment {int(target.stem)} is here; a collector that has lost its spool "
                                     "must go on under a new collector id.")  # fmt: skip
    beside.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True
