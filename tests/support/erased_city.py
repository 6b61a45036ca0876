"""A small synthetic city from delivered files to registers without Spark, and the search for what has to disappear from it."""

import gzip
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ingestion.batch.answers import answer
from ingestion.batch.tree import noted
from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from quality import decisions
from tests.support.sample_city import build
from transforms import slices
from transforms.entity_resolution.stage import plan, run
from transforms.parts import bronze_files
from transforms.records import run as records
from transforms.records.together import pieces

DATASETS = (
    "population__residents", "population__social_insurance", "population__births", "population__health_index",
    "population__floating", "enterprise__registrations", "enterprise__tax",
)  # fmt: skip


def landed(folder: Path) -> None:
    """Deliver the extracts of DATASETS, then silver and registers from them."""
    extracts = build(folder, scale=0.01, seed=7) / "extracts"
    for one in noted(extracts)[0]:
        if one.source.startswith(DATASETS):
            answer(one.file, one.source, one.statement)
    silver()
    run(plan())


def silver() -> None:
    """What the stage `silver` does with these datasets, slice by slice in this process."""
    known = contracts()
    for name in DATASETS:
        if not (work := slices.resolve(known[name], known)):
            continue
        files, roots = bronze_files(work), {table: str(tables.location(table)) for table in records.tables_of(known[name])}
        standing = decisions.in_force(name)
        with outcomes.step(slices.STEP, name, work["inputs"]):
            made = [records.build_piece(known[name], p, files, known, standing, roots) for p in pieces(work)]
            records.commit_dataset(known[name], [part for parts in made for part in parts])


def files_with(values: Iterable[str], *folders: Path) -> list[Path]:
    """Files below the folders that hold one of the values, by what a reader of their format sees."""
    wanted = tuple(values)
    files = sorted({p for folder in folders for p in folder.rglob("*") if p.is_file() and not p.is_symlink()})
    return [path for path in files if any(value in text for text in _texts(path.name, path.read_bytes()) for value in wanted)]


def _texts(name: str, body: bytes) -> Iterator[str]:
    if name.endswith(".parquet"):
        yield str(pq.read_table(io.BytesIO(body)).to_pydict())
    elif name.endswith(".duckdb"):
        yield from _tables(body)
    elif body[:2] == b"\x1f\x8b":
        yield from _texts(name.removesuffix(".gz"), gzip.decompress(body))
    elif body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.namelist():
                yield from _texts(member, archive.read(member))
    else:
        yield from (body.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))


def _tables(body: bytes) -> Iterator[str]:
    """Rows of a DuckDB file, table by table; its blocks are compressed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.duckdb"
        copy.write_bytes(body)
        with duckdb.connect(str(copy), read_only=True) as base:
            for schema, table in base.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield str(base.execute(f'from "{schema}"."{table}"').fetchall())
