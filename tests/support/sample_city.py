"""Sample cities for tests: built once per run, and ways to read back what was written, without the generator's own code."""

import csv
import gzip
import hashlib
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from sample_city.build import plan, run
from sample_city.city import City, build_city
from sample_city.defects.rates import rates
from sample_city.knowledge import Office, police_view
from sample_city.presets import Window, window
from sample_city.randomness import Draws
from sample_city.roll_forward import newcomers
from sample_city.slices import Stack

SEED = 7
REFERENCE = np.datetime64("2014-12-31")


@cache
def city(slices: int, seed: int = SEED, day: np.datetime64 = REFERENCE) -> City:
    return build_city(Draws(seed), Stack(0, slices, *newcomers(day)), day)


def office(slices: int, defects: str = "none") -> Office:
    draws, built = Draws(SEED), city(slices)
    return Office(draws, built, police_view(draws, built), rates(defects))


def reported(days: int = 30) -> Window:
    return window("seed2014", days)


def build(
    folder: Path, scale: float = 0.01, seed: int = SEED, defects: str = "default", days: int = 30, preset: str = "seed2014"
) -> Path:
    run(plan(scale, seed, preset, days, defects, folder), lambda _: None)
    return folder


def truth(folder: Path, name: str) -> list[dict]:
    return pq.read_table(folder / "truth" / f"{name}.parquet").to_pylist()


def notes(folder: Path) -> list[dict]:
    """The notes of all deliveries, each with the path of its file."""
    found = sorted(folder.glob("extracts/**/*.note.json"))
    return [json.loads(f.read_text("utf-8")) | {"path": f.with_name(f.name.removesuffix(".note.json"))} for f in found]


def records(note: dict) -> dict[int, list[str]]:
    """Row number -> values of a delivered file, read by format; encodings are tried as a careful reader would."""
    return {"delimited": _delimited, "gzip": _delimited, "fixed_width": _fixed, "workbook": _workbook, "json_page": _page,
            "xml": _xml, "database": _database, "geojson": _features}[note["agreed"]["format"]](note)  # fmt: skip


def text(path: Path) -> str:
    """The file as text, in the first encoding that fits."""
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError(f"{path.name} is in no known encoding")


def _delimited(note: dict) -> dict[int, list[str]]:
    rows = list(csv.reader(io.StringIO(text(note["path"])), delimiter=note["agreed"]["delimiter"]))
    return {number: row for number, row in enumerate(rows, start=1) if number >= note["first_row"]}


def _fixed(note: dict) -> dict[int, list[str]]:
    lines = note["path"].read_bytes().split(b"\n")[:-1]
    widths = [*note["agreed"]["widths"].values(), len("synthetic")]
    edges = [0, *np.cumsum(widths).tolist()]
    cut = [[line[a:b].decode("gb18030").strip() for a, b in pairwise(edges)] for line in lines]
    return {number: row for number, row in enumerate(cut, start=1) if number >= note["first_row"]}


def _workbook(note: dict) -> dict[int, list[str]]:
    sheet = CalamineWorkbook.from_path(str(note["path"])).get_sheet_by_index(1)
    rows = enumerate(sheet.to_python(skip_empty_area=False), start=1)
    return {n: [_cell(v) for v in row] for n, row in rows if n >= note["first_row"] and any(v != "" for v in row)}


def _cell(value) -> str:
    return "" if value is None else str(int(value) if isinstance(value, float) else value)


def _page(note: dict) -> dict[int, list[str]]:
    return {n: list(item.values()) for n, item in enumerate(json.loads(text(note["path"]))["items"], start=1)}


def _xml(note: dict) -> dict[int, list[str]]:
    root = ElementTree.parse(note["path"]).getroot()
    return {n: [_cell(v.text) for v in record] for n, record in enumerate(root, start=1)}


def _database(note: dict) -> dict[int, list[str]]:
    with closing(sqlite3.connect(note["path"])) as found:
        return {row[0]: list(row[1:]) for row in found.execute("select rowid, * from records")}


def _features(note: dict) -> dict[int, list[str]]:
    features = json.loads(text(note["path"]))["features"]
    return {n: [*f["properties"].values(), json.dumps(f["geometry"])] for n, f in enumerate(features, start=1)}


def content_digest(folder: Path) -> str:
    """One hash of all that a build says, free of what libraries put around it (compression, file headers)."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(_content(path))
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return b"".join(parts.read(n) for n in sorted(parts.namelist()) if n.startswith("xl/worksheets/"))
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as found:
            return "\n".join(found.iterdump()).encode()
    if path.suffix == ".parquet":
        sink = io.BytesIO()
        pyarrow.csv.write_csv(pq.read_table(path), sink)
        return sink.getvalue()
    if path.name.endswith(".note.json"):
        note = json.loads(path.read_text("utf-8"))
        return json.dumps({k: v for k, v in note.items() if k != "sha256"}, sort_keys=True).encode()
    return path.read_bytes()
