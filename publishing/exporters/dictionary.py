"""The data dictionary of a release: what each column means, in Chinese and English, as CSV and JSON."""

import csv
import json
from pathlib import Path

from publishing.exporters.export import Export

COLUMNS = (
    "column",
    "name_en",
    "name_zh",
    "type",
    "unit",
    "key",
    "required",
    "description",
    "code_list",
    "example",
)


def write_dictionary(export: Export, folder: Path) -> list[Path]:
    """`<dataset>.dictionary.csv` (form as the data's CSV) and `<dataset>.dictionary.json`."""
    rows = describe_columns(export)
    table, document = folder / f"{export.name}.dictionary.csv", folder / f"{export.name}.dictionary.json"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    head = {
        "dataset": export.name,
        "contract_version": export.dataset.version,
        "title": {"en": export.dataset.name_en, "zh": export.dataset.name_zh},
        "description": export.dataset.description,
        "grain": export.dataset.grain,
        "primary_key": list(export.dataset.primary_key),
    }
    document.write_text(json.dumps({**head, "columns": rows}, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [table, document]


def describe_columns(export: Export) -> list[dict[str, str | bool]]:
    """One entry per open column, in the order of the file."""
    return [
        {
            "column": field.name,
            "name_en": field.name_en,
            "name_zh": field.name_zh,
            "type": field.logical_type,
            "unit": field.unit or "",
            "key": field.name in export.dataset.primary_key,
            "required": field.required or field.name in export.dataset.primary_key,
            "description": field.description,
            "code_list": field.reference or "",
            "example": str(field.examples[0]) if field.examples else "",
        }
        for field in export.fields
    ]
