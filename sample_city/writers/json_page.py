"""The answer of an HTTP API: one JSON document with a page of items, and what page it is."""

import json
from pathlib import Path

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 1


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the page; records count from 1. Geometry stays JSON, everything else is text."""
    columns = [c.to_pylist() for c in sheet.columns]
    records = [dict(zip(sheet.headings, record, strict=True)) for record in zip(*columns, strict=True)]
    if "geometry" in sheet.fields:
        heading = sheet.headings[sheet.fields.index("geometry")]
        records = [record | {heading: json.loads(record[heading])} for record in records]
    head = {"notice": NOTICE, "synthetic": True, "page": 1, "pages": 1, "total": len(records)}
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    start = json.dumps(head, ensure_ascii=False)[:-1]
    path.write_text(f'{start}, "items": [\n{lines}\n]}}\n', style.encoding, newline="\n")
    return FIRST_ROW
