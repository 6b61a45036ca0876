"""Report an error: a form without names or addresses; entries are kept for the steward."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lakehouse.settings import settings
from portal import open_data
from portal.page import render

router = APIRouter()
MAX_CHARACTERS = 2_000
MAX_FILE_BYTES = 10_000_000
WRITING = Lock()


@router.get("/report")
def form(request: Request) -> Response:
    """The form, or the thanks with the number of the entry."""
    sent, chosen = request.query_params.get("sent", ""), request.query_params.get("dataset", "")
    number = sent if sent.isalnum() and len(sent) == 12 else ""
    return render(
        request,
        "report.html.j2",
        datasets=open_data.listed(),
        chosen=chosen,
        sent=number,
        problem="",
        text="",
    )


@router.post("/report")
def send(request: Request, dataset: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "") -> Response:
    """Keep the entry; with nothing written or too much, show the form again and say so (400); 503 when the file is full."""
    known = open_data.listed()
    problem = _problem(text.strip(), dataset, [d.id for d in known])
    if problem:
        return render(request, "report.html.j2", 503 if problem == "full" else 400, datasets=known, chosen=dataset, sent="",
                      problem=problem, text=text[:MAX_CHARACTERS])  # fmt: skip
    return RedirectResponse(f"/report?sent={keep(dataset, text.strip())}", 303)


def file() -> Path:
    return settings().data_home / "portal" / "reports.jsonl"


def keep(dataset: str, text: str) -> str:
    """Append one entry (id, time, dataset, text; nothing about the sender); returns its id."""
    entry = {
        "id": uuid.uuid4().hex[:12],
        "at": datetime.now(UTC).isoformat(),
        "dataset": dataset or None,
        "text": text,
    }
    with WRITING:
        file().parent.mkdir(parents=True, exist_ok=True)
        with file().open("a", encoding="utf-8") as entries:
            entries.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return entry["id"]


def _problem(text: str, dataset: str, known: list[str]) -> str:
    if not text:
        return "empty"
    if len(text) > MAX_CHARACTERS:
        return "long"
    if dataset and dataset not in known:
        return "dataset"
    return "full" if file().exists() and file().stat().st_size > MAX_FILE_BYTES else ""
