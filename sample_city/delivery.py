"""A delivery: errors go in, the file is written, a note goes beside it, and the truth is told what happened."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sample_city.defects import deliveries
from sample_city.defects.deliveries import FileDefect
from sample_city.defects.positions import displace
from sample_city.defects.rates import Rates
from sample_city.defects.values import Log, inject, join_logs, repeat_rows
from sample_city.extract import NOTICE, Extract
from sample_city.randomness import Draws
from sample_city.truth import Truth
from sample_city.writers import WRITERS
from sample_city.writers.sheet import sheet_of

LACKING_SHARE = 0.1
"""Share of rows, at the end, that a file lacks which is sent again in full."""


@dataclass(frozen=True)
class Sender:
    """What all deliveries of one county need."""

    draws: Draws
    rates: Rates
    code: int
    opening: np.datetime64
    folder: Path
    truth: Truth

    def deliver(self, extract: Extract) -> int:
        """Write one extract; returns the rows written, of all versions."""
        source = extract.source
        file = source.file_name(self.code, extract.day)
        path = self.folder / str(self.code) / source.department / file
        way = deliveries.way_of(self.draws, file, self.rates)
        if way == "missing":
            self.truth.add_file_defect(source.name, file, FileDefect("D17", "missing", "1", "0"))
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        order = np.argsort(self.draws.bits(f"order|{source.register}", extract.key), kind="stable")
        wrong, log = self._go_wrong(extract.take(order), file)
        if way == "resent":
            first = path.with_name(f"{path.stem}_first{path.suffix}")
            kept = wrong.rows - round(LACKING_SHARE * wrong.rows)
            self._write(
                first, wrong.take(np.arange(kept)), log.head(kept), 0, [FileDefect("D17", "rows", str(wrong.rows), str(kept))]
            )
            return kept + self._write(path, wrong, log, 1, [])
        rows = self._write(path, wrong, log, 0, [])
        return rows + self._again(path, wrong, log) if way == "twice" else rows

    def _go_wrong(self, extract: Extract, file: str) -> tuple[Extract, Log]:
        """The rows with everything that clerks get wrong, and the log of it."""
        wrong, values = inject(self.draws, extract, self.rates)
        wrong, positions = displace(self.draws, wrong, self.rates)
        wrong, repeated = repeat_rows(self.draws, wrong, file, self.rates)
        return wrong, join_logs(values, positions, repeated)

    def _write(self, path: Path, wrong: Extract, log: Log, revision: int, defects: list[FileDefect]) -> int:
        """One version of the file with its note and its truth."""
        source = wrong.source
        style, in_style = deliveries.style_of(self.draws, wrong, path.name, self.rates)
        sheet, in_columns = deliveries.drift(self.draws, wrong, sheet_of(wrong), self.opening, self.rates)
        late, in_time = deliveries.delay_days(self.draws, path.name, self.rates)
        first_row = WRITERS[source.format](path, sheet, style)
        self._tell(path.name, wrong, log, first_row, defects + in_style + in_columns + in_time)
        _write_note(path, wrong, first_row, late, revision)
        return wrong.rows

    def _again(self, path: Path, wrong: Extract, log: Log) -> int:
        """The same bytes once more under another name."""
        again = path.with_name(f"{path.stem}_again{path.suffix}")
        shutil.copyfile(path, again)
        note = json.loads(_note_path(path).read_text("utf-8"))
        _note_path(again).write_text(_as_text(note | {"file": again.name}), "utf-8")
        self._tell(again.name, wrong, log, note["first_row"], [FileDefect("D17", "twice", path.name, again.name)])
        return wrong.rows

    def _tell(self, file: str, wrong: Extract, log: Log, first_row: int, defects: list[FileDefect]) -> None:
        self.truth.add_records(wrong, file, first_row)
        self.truth.add_defects(wrong.source.name, file, log, first_row)
        for defect in defects:
            self.truth.add_file_defect(wrong.source.name, file, defect)


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".note.json")


def _as_text(note: dict) -> str:
    return json.dumps(note, ensure_ascii=False, indent=1) + "\n"


def _write_note(path: Path, extract: Extract, first_row: int, late: int, revision: int) -> None:
    """What the department says about the file: whose, of which day, how many rows, as agreed, when sent."""
    source = extract.source
    agreed = {"format": source.format, "encoding": source.encoding, "delimiter": source.delimiter}
    note = {
        "notice": NOTICE,
        "data_origin": "synthetic",
        "department": source.department,
        "source": source.name,
        "dataset": source.dataset,
        "title": source.title,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": extract.rows,
        "first_row": first_row,
        "state_of": str(extract.day),
        "due_at": f"{extract.day + 1}T06:00:00+08:00",
        "sent_at": f"{extract.day + 1 + late}T05:30:00+08:00",
        "revision": revision,
        "agreed": agreed | {"columns": source.columns, "widths": source.widths},
    }
    _note_path(path).write_text(_as_text(note), "utf-8")
