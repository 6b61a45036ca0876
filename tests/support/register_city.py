"""Silver tables of a sample city as the registers read them, by a short way: extracts -> Arrow, without landing and checks.

Headings that drifted are put right by name; nothing else is mended. Direct identifiers become tokens, as at landing.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from lakehouse import tables, vault
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from tests.support.sample_city import notes, records

SOURCES = yaml.safe_load((Path(__file__).parents[2] / "samples/sample_city/sources.yaml").read_text("utf-8"))
DATES = {"extract_date", "birth_date", "from_date", "to_date", "death_date", "cremation_date", "date", "opened_on", "event_date",
         "established_on", "issued_on", "registered_on"}  # fmt: skip
NUMBERS = {"citizen_no", "landlord_no", "mother_no", "father_no", "party1_no", "party2_no", "legal_person_no"}
NAMES = {
    "child_name",
    "mother_name",
    "father_name",
    "former_name",
    "party1_name",
    "party2_name",
    "guardian_name",
    "legal_person_name",
}
PHONES = {"phone", "contact_phone"}


def silver(folder: Path, only: set[str] | None = None) -> tuple[dict[str, pa.Table], pa.Table]:
    """Tables by dataset, and where each record stood: record_id, source, file, row_no."""
    found: dict[str, list[pa.Table]] = {}
    places = []
    for note in notes(folder):
        source = SOURCES[note["source"]]
        if source["dataset"].startswith(("population__", "enterprise__")) and (only is None or source["dataset"] in only):
            table, place = _delivery(note, source)
            found.setdefault(source["dataset"], []).append(table)
            places.append(place)
    joined = {name: pa.concat_tables(parts, promote_options="default") for name, parts in found.items()}
    return joined, pa.concat_tables(places)


def _delivery(note: dict, source: dict) -> tuple[pa.Table, pa.Table]:
    fields, rows = list(source["columns"]), dict(_rows(note, source))
    ids = [hashlib.sha256("|".join((note["source"], *row)).encode()).hexdigest() for row in rows.values()]
    columns = dict(zip(fields, map(list, zip(*rows.values(), strict=True)), strict=True)) if rows else {f: [] for f in fields}
    table = pa.table({name: _typed(name, values, source["dataset"]) for name, values in columns.items()})
    n, day = len(ids), pa.scalar(note["state_of"]).cast(pa.date32())
    about = {
        "_record_id": pa.array(ids, pa.string()), "_data_origin": pa.repeat("synthetic", n), "state_of": pa.repeat(day, n),
        "_source_code": pa.repeat(f"{source['dataset']}__{note['source']}", n), "issuer": pa.repeat(source["department"], n),
        "_received_at": pa.repeat(note["sent_at"], n), "_row": pa.array(list(rows), pa.int64()),
    }  # fmt: skip
    for name, column in about.items():
        table = table.append_column(name, column)
    place = {"record_id": ids, "source": [note["source"]] * n, "file": [note["file"]] * n, "row_no": list(rows)}
    return table, pa.table(place, schema=pa.schema([("record_id", pa.string()), ("source", pa.string()), ("file", pa.string()),
                                                    ("row_no", pa.int64())]))  # fmt: skip


def _rows(note: dict, source: dict) -> Iterator[tuple[int, list[str]]]:
    """Row number and values in the agreed order."""
    has_heading = note["agreed"]["format"] in ("delimited", "gzip", "workbook")
    rows = records(note | {"first_row": note["first_row"] - has_heading})
    headings = [h.removesuffix("_NEW") for h in rows.pop(note["first_row"] - 1)] if has_heading else None
    agreed = list(source["columns"].values())
    is_plain = headings is None or headings[: len(agreed)] == agreed or not set(agreed) <= set(headings)
    order = range(len(agreed)) if is_plain else [headings.index(h) for h in agreed]
    for number, row in rows.items():
        if len(row) >= len(agreed):
            yield number, [row[i].strip() for i in order]


def _typed(name: str, values: list[str], dataset: str) -> pa.Array:
    text = pa.array([v or None for v in values], pa.string())
    if name in NUMBERS:
        return vault.tokens("citizen_no", text)
    if name in NAMES or (name == "name" and dataset.startswith("population__")):
        return vault.tokens("person_name", text)
    if name in PHONES:
        return vault.tokens("phone", text)
    if name in DATES or name in ("birth_at", "month"):
        digits = pa.array([(re.sub(r"\D", "", v) + "01" * (name == "month"))[:8] if v else None for v in values], pa.string())
        return pc.cast(pc.strptime(digits, format="%Y%m%d", unit="s", error_is_null=True), pa.date32())
    return text


def typed(dataset: str, rows: pa.Table) -> pa.Table:
    """Rows as silver types them, with nulls in columns that the extracts do not have."""
    schema = arrow_schema(contracts()[dataset])
    columns = {f.name: rows[f.name] if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type) for f in schema}
    return pa.table({f.name: columns[f.name] if f.name.startswith("_") else columns[f.name].cast(f.type) for f in schema})


def into_lake(folder: Path, only: set[str] | None = None) -> pa.Table:
    """Write the silver tables into the lake of the settings; returns where each record stood."""
    found, places = silver(folder, only)
    for name, rows in found.items():
        tables.replace(f"silver.{name}", rows)
    return places
