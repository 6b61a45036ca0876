"""A tree of files with notes beside them, as departments leave it: each delivered to the source that its note names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.batch.statement import ENDING, Statement, read_note
from lakehouse.contracts import contracts


@dataclass(frozen=True)
class Noted:
    """A file and what its note says."""

    file: Path
    source: str
    statement: Statement


def noted(folder: Path) -> tuple[list[Noted], list[str]]:
    """Files of the tree that can be delivered, by period and name, and a sentence for each that cannot.

    Files without a note are not looked at.
    """
    ready, told = [], []
    for path in sorted(folder.rglob(f"*{ENDING}")):
        try:
            ready.append(_noted(path))
        except (ValueError, LookupError) as reason:
            told.append(str(reason))
    return sorted(ready, key=lambda n: (n.statement.period or "", n.file.name)), told


def _noted(path: Path) -> Noted:
    note, file = read_note(path), path.with_name(path.name.removesuffix(ENDING))
    if not file.is_file():
        raise ValueError(f"{path.name}: there is no file {file.name} beside it; send both.")
    known = contracts().sources.get(note.mapping)
    if known is None or not known.takes_files:
        raise LookupError(f"{path.name}: no source {note.mapping} takes files; write its mapping, or mend the note.")
    return Noted(file, note.mapping, note.statement())


def summary(answers: list[str]) -> Iterator[str]:
    """How many deliveries ended how, by their answers."""
    ends = {"landed": "received ", "refused": "refused ", "without rows": "holds no rows", "known already": "the same content"}
    for end, words in ends.items():
        count = sum(answer.partition(": ")[2].startswith(words) for answer in answers)
        yield f"{end} {count}"


def is_plain(answer: str) -> bool:
    """Whether the file landed, or had no rows as its note says, and nothing else is to be told."""
    said = answer.partition(": ")[2]
    landed = said.startswith("received ") and "\n" not in answer and "dead letters 0" in answer
    return landed or (said.startswith("holds no rows") and "as its note says" in answer)
