"""Search of every file for texts: Parquet, DuckDB and archives decoded, all else byte by byte, in each encoding in use."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.settings import settings

ENCODINGS = ("utf-8", "gb18030", "utf-16-le")


@dataclass(frozen=True)
class Searched:
    """How much was searched, and the files in which something was found."""

    files: int
    size_bytes: int
    found: tuple[Path, ...]


def homes() -> list[Path]:
    """Folders that hold the lake: home, data and secrets, each once."""
    wanted = sorted({settings().home, settings().data_home, settings().secrets})
    return [home for home in wanted if not any(home.is_relative_to(other) for other in wanted if other != home)]


def search(texts: Iterable[str], folders: Iterable[Path]) -> Searched:
    """Look for the texts in all files below the folders but the toolchain, which is software as it was installed."""
    patterns, count, size, found = needles(texts), 0, 0, []
    for path in _files(folders):
        try:
            count, size = count + 1, size + path.stat().st_size
            if any(holds(part, patterns) for part in parts(path.name, path)):
                found.append(path)
        except FileNotFoundError:
            count -= 1  # gone since the folder was listed
    return Searched(count, size, tuple(found))


def needles(texts: Iterable[str]) -> list[bytes]:
    """The texts as they may lie in a file: in each encoding, and as JSON escapes them."""
    found = {text.encode(encoding) for text in texts for encoding in ENCODINGS}
    found |= {json.dumps(text)[1:-1].encode() for text in texts}
    return sorted(found)


def holds(part: bytes, patterns: list[bytes]) -> bool:
    return any(pattern in part for pattern in patterns)


def parts(name: str, source: Path | bytes) -> Iterator[bytes]:
    """The content of a file, as it is and decoded."""
    body = source if isinstance(source, bytes) else source.read_bytes()
    yield body
    if name.endswith(".parquet"):
        yield from _columns(pq.read_table(io.BytesIO(body)))
    elif name.endswith(".duckdb") and isinstance(source, Path):
        yield from _tables(source)
    elif body[:2] == b"\x1f\x8b":
        yield from parts(name.removesuffix(".gz"), gzip.decompress(body))
    elif body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.namelist():
                yield from parts(member, archive.read(member))


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    toolchain = settings().toolchain
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.is_relative_to(toolchain):
                yield path


def _columns(rows: pa.Table) -> Iterator[bytes]:
    for column in rows.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
            yield "\n".join(value or "" for value in column.cast(pa.string()).unique().to_pylist()).encode()
        elif pa.types.is_nested(column.type) or pa.types.is_dictionary(column.type):
            yield str(column.to_pylist()).encode()


def _tables(file: Path) -> Iterator[bytes]:
    with duckdb.connect(str(file), read_only=True) as base:
        named = base.sql("select database_name, schema_name, table_name from duckdb_tables() where not internal").fetchall()
        for parts_of_name in named:
            quoted = ".".join(f'"{part}"' for part in parts_of_name)
            yield from _columns(base.sql(f"from {quoted}").to_arrow_table())
