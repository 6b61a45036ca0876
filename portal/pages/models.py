"""Model cards: what a model is for, how well it does and on which data, as its training wrote it down."""

import json
import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lakehouse.settings import settings
from portal.page import render

router = APIRouter()
NAME = re.compile(r"[a-z0-9_-]{1,64}")
CARD = "card.json"
HEAD = ("title", "title_en", "title_zh", "summary", "summary_en", "summary_zh", "is_demo_model")
DETAILS = ("measured", "monitoring_reference")  # long trees for those who recompute the figures


@router.get("/models")
def index(request: Request) -> Response:
    """All models that have a card."""
    cards = [(path.parent.name, read(path)) for path in sorted(folder().glob(f"*/{CARD}")) if is_card(path)]
    return render(request, "models.html.j2", cards=cards)


@router.get("/models/{name}")
def page(name: str, request: Request) -> Response:
    """One card. Raises LookupError (404) for a name without one."""
    path = folder() / name / CARD
    if not NAME.fullmatch(name) or not is_card(path):
        raise LookupError(name)
    card = read(path)
    told = {key: value for key, value in card.items() if key not in HEAD}
    facts = {key: value for key, value in told.items() if not isinstance(value, list | dict)}
    details = {key: value for key, value in told.items() if key in DETAILS}
    sections = {key: value for key, value in told.items() if key not in facts and key not in details}
    return render(request, "model.html.j2", name=name, card=card, facts=facts, sections=sections, details=details)


def folder() -> Path:
    return settings().data_home / "models"


def is_card(path: Path) -> bool:
    """A plain file below the folder of models; a link is none."""
    return path.is_file() and path.resolve() == folder().resolve() / path.parent.name / CARD


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))
