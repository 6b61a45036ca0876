"""Files as departments send them, and mappings of sources that take them."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from ingestion.batch.answers import answer
from ingestion.batch.extract import extract
from ingestion.batch.faults import Extract, Refused
from ingestion.batch.statement import Statement
from lakehouse.contracts import Source, contracts
from lakehouse.settings import settings

PRSA = "environment__air_quality__prsa"
COLUMNS = contracts().sources[PRSA].columns
HEADER = ["Site", "Time", "Level"]
ROWS = [["N1", "2016-05-01 00:00", "1.5"], ["N1", "2016-05-01 01:00", "1.6"]]

AS_SENT = [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def source(**changes) -> Source:
    """A source of levels in a CSV file with the columns of HEADER; `changes` replace parts of the mapping."""
    body = {
        "source": "test__levels__file", "feeds": "environment__weather", "bronze": "test__levels__file",
        "description": "Levels.", "kind": "batch", "shape": "columns", "origin": "test_vector", "rank": 1,
        "format": {"type": "csv"}, "columns": HEADER, "time": {"from": ["Time"], "zone": "Etc/UTC"},
        "station": {"from": "Site", "issuer": "template"}, "measures": {"Level": {"becomes": "temp_c"}},
    }  # fmt: skip
    return Source.model_validate(body | changes)


def delimited(*rows: Sequence[str], header: Sequence[str] = HEADER, by: str = ",") -> bytes:
    return "".join(by.join(row) + "\n" for row in [header, *rows]).encode()


def workbook(*rows: Sequence[object], merged: str | None = None, title: str = "Data") -> bytes:
    """A workbook with one sheet; `merged` is a range of cells to merge, e.g. `A1:B1`."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    if merged:
        book.active.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def prsa(*hours: int, pm25: str = "35", names=COLUMNS) -> bytes:
    """A PRSA file with one row an hour of 1 May 2016."""
    values = dict.fromkeys(COLUMNS, "1") | {
        "year": "2016",
        "month": "5",
        "day": "1",
        "PM2.5": pm25,
        "station": "Dongsi",
    }
    return delimited(*([(values | {"hour": str(h)})[n] for n in names] for h in hours), header=names)


def read(body: bytes, mapping: Source | None = None) -> tuple[dict[int, dict[str, str]], Extract]:
    """Rows by their number, and all that the reader found."""
    found = extract(body, mapping or source(), "a.file")
    rows = found.rows.to_pylist()
    return {row.pop("_row_no"): row for row in rows}, found


def refusal(body: bytes, mapping: Source | None = None) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(Refused) as refused:
        extract(body, mapping or source(), "a.file")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def deliver(folder: Path, body: bytes, name: str = "may.csv", revision: int = 0, to: str = PRSA) -> str:
    """Write the bytes into the folder and deliver them; the sentence of the answer."""
    (folder / name).write_bytes(body)
    return answer(folder / name, to, Statement(revision=revision))


def receipts() -> list[dict]:
    """All receipts that lie beside their raw files."""
    found = sorted((settings().landing / "deliveries").glob("*/*/receipt.json"))
    return [json.loads(file.read_text("utf-8")) for file in found]
