"""What departments of a sample city say of places, as silver holds it: read from the extracts, without the pipeline."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from tests.support import sample_city
from transforms.spatial.sources import DATASETS, SURVEYED_TOO, newest

KEYS = DATASETS | SURVEYED_TOO
RECEIVED = datetime(2015, 1, 2, tzinfo=UTC)


def sent(city: Path) -> dict[str, pa.Table]:
    """Silver tables of the geography datasets by name, newest rows only."""
    notes = [n for n in sample_city.notes(city) if n["dataset"] in KEYS]
    return {name: newest(_silver(name, [n for n in notes if n["dataset"] == name]), key) for name, key in KEYS.items()}


def address_texts(city: Path) -> Iterator[tuple[dict, int, str, str | None]]:
    """(note, row number, address as written, division code as sent) of all files of persons and enterprises."""
    for note in sample_city.notes(city):
        names = list(note["agreed"]["columns"])
        of_address = [i for i, n in enumerate(names) if n in ("address_text", "mother_address")]
        if note["dataset"].startswith(("population", "enterprise")) and of_address:
            hint = names.index("division_code") if "division_code" in names else None
            for number, row in sample_city.records(note).items():
                yield note, number, row[of_address[0]], row[hint] if hint is not None else None


def _silver(name: str, notes: list[dict]) -> pa.Table:
    schema = arrow_schema(contracts()[name])
    return pa.concat_tables([_typed(note, schema) for note in notes])


def _typed(note: dict, schema: pa.Schema) -> pa.Table:
    names, rows = list(note["agreed"]["columns"]), sample_city.records(note)
    if note["agreed"]["format"] == "geojson":
        names = [*(n for n in names if n != "geometry"), "data_origin", "geometry"]
    columns = {n: [row[i] for row in rows.values()] for i, n in enumerate(names)}
    day = date.fromisoformat(note["state_of"])
    envelope = {"state_of": day, "_event_month": day.replace(day=1), "_data_origin": "synthetic", "_received_at": RECEIVED}
    envelope["_source_code"] = f"{note['dataset']}__{note['source']}"
    columns |= {n: [value] * len(rows) for n, value in envelope.items()}
    columns["_record_id"] = [f"{note['file']}#{number}" for number in rows]
    nothing = [None] * len(rows)
    return pa.table([pa.array([_value(v, f.type) for v in columns.get(f.name, nothing)], f.type) for f in schema], schema=schema)


def _value(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    if value in ("", None) or not isinstance(value, str):
        return None if value == "" else value
    if pa.types.is_date(kind):
        return datetime.strptime(value, "%Y%m%d").date()
    return int(value) if pa.types.is_integer(kind) else float(value) if pa.types.is_floating(kind) else value
