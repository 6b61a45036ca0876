"""Pages of an HTTP API in one file: a line a page, as the client received them one after the other."""

import json
from pathlib import Path

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

PAGE = 100
FIRST_ROW = 1


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the pages; records count from 1 through all pages. Geometry stays JSON, everything else is text."""
    columns = [c.to_pylist() for c in sheet.columns]
    records = [dict(zip(sheet.headings, record, strict=True)) for record in zip(*columns, strict=True)]
    if "geometry" in sheet.fields:
        heading = sheet.headings[sheet.fields.index("geometry")]
        records = [record | {heading: json.loads(record[heading])} for record in records]
    pages = max(1, -(-len(records) // PAGE))
    with path.open("w", encoding=style.encoding, newline="\n") as file:
        for page in range(pages):
            body = {"notice": NOTICE, "synthetic": True, "page": page + 1, "pages": pages, "total": len(records)}
            body["items"] = records[page * PAGE : (page + 1) * PAGE]
            file.write(json.dumps(body, ensure_ascii=False) + "\n")
    return FIRST_ROW
