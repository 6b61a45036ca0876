"""A delivery: errors go in, the file is written, a note goes beside it, and the truth is told what happened."""

import hashlib
import json
from pathlib import Path

import numpy as np

from sample_city.city import City
from sample_city.defects.rates import Rates
from sample_city.defects.values import inject, join_logs, repeat_rows
from sample_city.extract import NOTICE, Extract
from sample_city.randomness import Draws
from sample_city.truth import Truth
from sample_city.writers import WRITERS
from sample_city.writers.sheet import Style, sheet_of


def deliver(draws: Draws, city: City, extract: Extract, rates: Rates, folder: Path, truth: Truth) -> int:
    """Write one extract; returns its rows."""
    source = extract.source
    file = source.file_name(city.first_code, extract.day)
    path = folder / str(city.first_code) / source.department / file
    path.parent.mkdir(parents=True, exist_ok=True)
    wrong, log = inject(draws, extract, rates)
    wrong, repeated = repeat_rows(draws, wrong, file, rates)
    style = Style(source.encoding, source.delimiter, tuple(source.widths.values()))
    first_row = WRITERS[source.format](path, sheet_of(wrong), style)
    truth.add_records(wrong, file, first_row)
    truth.add_defects(wrong, file, join_logs(log, repeated), first_row)
    _write_note(path, wrong, extract.day, first_row)
    return wrong.rows


def _write_note(path: Path, extract: Extract, day: np.datetime64, first_row: int) -> None:
    source = extract.source
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
        "state_of": str(day),
        "sent_at": f"{day + 1}T06:00:00+08:00",
        "agreed": {
            "format": source.format,
            "encoding": source.encoding,
            "delimiter": source.delimiter,
            "columns": source.columns,
            "widths": source.widths,
        },
    }
    path.with_name(path.name + ".note.json").write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", "utf-8")
