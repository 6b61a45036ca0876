"""A sheet of a workbook (xlsx, xls, ods) -> rows of text, numbers and times written as a CSV file would."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch.faults import Extract, Refused
from ingestion.batch.readers.header import SEARCHED_ROWS, Heading, check_names, find
from lakehouse.contracts import Source
from lakehouse.settings import settings

EXACT = 2**53
"""From here on a number of a workbook no longer holds every digit that was typed."""
ROWS_AT_ONCE = 10_000
"""Of the sheet that are Python's; the others are Arrow's."""
Cells = list[str]


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = row of the sheet, then text columns); no row of a sheet is unparsed. Raises Refused."""
    check_archive(body, name)
    agreed = source.format.header_row
    rows = ([_text(value) for value in row] for row in _rows(body, source, name))
    grid = list(islice(rows, max(SEARCHED_ROWS, agreed)))
    if len(grid) < agreed:
        raise Refused(f"{name}: the sheet has no row {agreed}, where the header should stand.")
    header = find(grid, source, agreed)
    columns = _columns(chain(grid[header.row_no :], rows), len(header.names))
    header = _without_blank_edge(header, columns)
    check_names(header.names, f"{name}, row {header.row_no}")
    numbers = pa.array(range(header.row_no + 1, header.row_no + 1 + len(columns[0])), pa.int64())
    texts = dict(zip(header.names, columns, strict=False))
    return Extract(pa.table({"_row_no": numbers, **texts}), [], _remarks(header, source))


def check_archive(body: bytes, name: str) -> None:
    """A workbook is a zip archive: refuse one that is damaged, or by its directory unpacks to too much, before it is unpacked."""
    if not body.startswith(b"PK"):
        return
    if not zipfile.is_zipfile(io.BytesIO(body)):
        raise Refused(f"{name}: the workbook is not closed at its end: cut off on its way; send it whole.")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            size, limit = sum(part.file_size for part in packed.infolist()), settings().workbook_mb * 10**6
            if size > limit:
                raise Refused(
                    f"{name}: the workbook unpacks to {size / 1e6:.0f} MB, and {limit / 1e6:.0f} are taken (LAKE_WORKBOOK_MB);"
                    " send it as CSV, or in parts."
                )
            damaged = packed.testzip()  # reads no part further than its stated size, and compares the checksum
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise Refused(f"{name}: the workbook is damaged or locked ({error}); save it again, unlocked.") from error
    if damaged:
        raise Refused(f"{name}: the workbook is damaged (in {damaged}); save it again.")


def _rows(body: bytes, source: Source, name: str) -> Iterator[list]:
    """From the first row of the sheet, whatever is empty before its first cell."""
    import python_calamine as calamine

    sheet_name = source.format.sheet
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(body)) as book:
            sheet = book.get_sheet_by_name(sheet_name) if sheet_name else book.get_sheet_by_index(0)
            yield from sheet.iter_rows()
    except (calamine.CalamineError, IndexError) as error:
        raise Refused(f"{name}: no workbook with the sheet {sheet_name or 1} ({error}); save it as .xlsx.") from error


def _columns(rows: Iterator[Cells], count: int) -> list[pa.ChunkedArray]:
    """Cells row by row -> columns of text."""
    chunks: list[list[pa.Array]] = [[] for _ in range(count)]
    while some := list(islice(rows, ROWS_AT_ONCE)):
        for chunk, cells in zip(chunks, zip(*some, strict=True), strict=True):
            chunk.append(pa.array(cells, pa.string()))
    return [pa.chunked_array(chunk, pa.string()) for chunk in chunks]


def _without_blank_edge(header: Heading, columns: list[pa.ChunkedArray]) -> Heading:
    """Columns at the right edge without a name and without a value are only formatted."""
    names = list(header.names)
    while names and not names[-1] and not pc.any(pc.not_equal(columns[len(names) - 1], "")).as_py():
        names.pop()
    return Heading(header.row_no, names)


def _remarks(header: Heading, source: Source) -> list[str]:
    agreed = source.format.header_row
    return [f"The headings stand in row {header.row_no}, not in row {agreed}, as agreed."] if header.row_no != agreed else []


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
