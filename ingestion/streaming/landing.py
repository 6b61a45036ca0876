"""The landing folder of segments: where collectors deliver, where landed and refused segments are kept.

<landing>/segments/<collector>/<source>/N.jsonl         delivered, to be landed
<landing>/segments/<collector>/<source>/done/N.jsonl    landed: the raw bytes that bronze refers to
<landing>/refused/<collector>/<source>/N.jsonl          not believed, beside it N.jsonl.reason.txt
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.settings import settings


def folder() -> Path:
    """`<landing>/segments`."""
    return settings().landing / "segments"


def delivered() -> list[tuple[Path, list[Path]]]:
    """Stream folders that hold files to be landed, each with its files, both sorted by name."""
    places = sorted(place for place in folder().glob("*/*") if place.is_dir())
    return [(place, files) for place in places if (files := sorted(place.glob("*.jsonl")))]


def keep(path: Path) -> None:
    """Move a landed segment to `done/`."""
    target = path.parent / "done"
    target.mkdir(exist_ok=True)
    path.replace(target / path.name)


def kept(collector: str, source: str, number: int) -> Path:
    """Where a landed segment lies."""
    return folder() / collector / source / "done" / f"{number:012}.jsonl"


def refuse(path: Path, reason: str) -> None:
    """Move a segment that cannot be believed to `refused/`, with the reason beside it."""
    place = settings().landing / "refused" / path.parent.parent.name / path.parent.name
    place.mkdir(parents=True, exist_ok=True)
    target = place / path.name
    if target.exists():
        target = place / f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl"
    (place / f"{target.name}.reason.txt").write_text(reason + "\n", "utf-8")
    path.replace(target)


@contextmanager
def one_lander() -> Iterator[None]:
    """One process lands at a time; a second one waits here."""
    folder().mkdir(parents=True, exist_ok=True)
    lock = os.open(folder() / ".lander.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
