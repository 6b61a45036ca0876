"""A sentence that the pages on people, enterprises and places show: what their reader must know of this data home's data."""

from pathlib import Path

from lakehouse.settings import settings


def file() -> Path:
    """One line of Markdown, in both languages; no file = no notice."""
    return settings().data_home / "notice.md"


def text() -> str:
    return file().read_text("utf-8").strip() if file().exists() else ""
