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
    return render(request, "model.html.j2", name=name, card=read(path))


def folder() -> Path:
    return settings().data_home / "models"


def is_card(path: Path) -> bool:
    """A plain file below the folder of models; a link is none."""
    return path.is_file() and path.resolve() == folder().resolve() / path.parent.name / CARD


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))
