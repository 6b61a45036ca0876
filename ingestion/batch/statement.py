"""What a sender says of a delivery: of which day it is, which revision, how many rows; by hand or in a note beside the file."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

ENDING = ".note.json"


@dataclass(frozen=True)
class Statement:
    """`period`: the day of whose end the rows speak (ISO date). Null = not said. Instants are ISO 8601 with offset."""

    period: str | None = None
    revision: int = 0
    due_at: str | None = None
    sent_at: str | None = None
    stated_rows: int | None = None
    stated_sha256: str | None = None

    def corrected(self, period: str | None, revision: int | None) -> "Statement":
        """With what was said by hand instead, where something was."""
        by_hand = {"period": period, "revision": revision}
        return replace(self, **{name: value for name, value in by_hand.items() if value is not None})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Note(BaseModel):
    """The note `<file>.note.json`; keys that are none of these are the department's own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    dataset: str
    source: str
    state_of: date
    revision: int = Field(0, ge=0)
    rows: int | None = Field(None, ge=0)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    due_at: AwareDatetime | None = None
    sent_at: AwareDatetime | None = None

    @property
    def mapping(self) -> str:
        """Name of the source's mapping."""
        return f"{self.dataset}__{self.source}"

    def statement(self) -> Statement:
        due, sent = (at and at.isoformat() for at in (self.due_at, self.sent_at))
        return Statement(self.state_of.isoformat(), self.revision, due, sent, self.rows, self.sha256)


def note_file(file: Path) -> Path:
    """Where the note of a delivered file stands."""
    return file.with_name(file.name + ENDING)


def read_note(path: Path) -> Note:
    """Raises ValueError with one sentence when the file is no note."""
    try:
        return Note.model_validate(json.loads(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise ValueError(f"{path.name}: no delivery note ({where}: {first['msg']}); write it as agreed.") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: no delivery note, since it is no JSON in UTF-8; write it as agreed.") from error


def stated(file: Path, source: str) -> Statement:
    """What the note beside the file says; nothing where there is none.

    Raises ValueError when it is no note, or speaks of another source.
    """
    path = note_file(file)
    if not path.exists():
        return Statement()
    note = read_note(path)
    if note.mapping != source:
        raise ValueError(f"{path.name}: speaks of {note.mapping}, not of {source}; deliver the file to the source of its note.")
    return note.statement()
