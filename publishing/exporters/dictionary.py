"""The data dictionary of a release: what each column means, in Chinese and English, as CSV and JSON."""

import csv
import json
from pathlib import Path

from lakehouse.contracts.derive import dictionary
from publishing.exporters.export import Export, texts


def write_dictionary(export: Export, folder: Path) -> list[Path]:
    """`<dataset>.dictionary.csv` (form as the data's CSV) and `<dataset>.dictionary.json`, open columns only."""
    released = {field.name for field in export.fields}
    rows = [row for row in dictionary(export.dataset) if row["column"] in released]
    table, document = (folder / f"{export.name}.dictionary.{suffix}" for suffix in ("csv", "json"))
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    head = {
        "dataset": export.name,
        "contract_version": export.dataset.version,
        **texts(export.dataset),
        "primary_key": list(export.dataset.primary_key),
    }
    document.write_text(json.dumps({**head, "columns": rows}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [table, document]
