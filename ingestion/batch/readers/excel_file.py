"""A sheet of a workbook (xlsx, xls, ods) -> rows of text, numbers and times written as a CSV file would."""

import io
import zipfile
import zlib
from datetime import datetime

import pyarrow as pa

from ingestion.batch import raw_file
from ingestion.batch.faults import Extract, Refused
from ingestion.batch.readers.header import SEARCHED_ROWS, Heading, check_names, find
from lakehouse.contracts import Source

EXACT = 2**53
"""From here on a number of a workbook no longer holds every digit that was typed."""


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = row of the sheet, then text columns); no row of a sheet is unparsed. Raises Refused."""
    check_archive(body, name)
    grid = [[_text(value) for value in row] for row in _cells(body, source, name)]
    if len(grid) < source.format.header_row:
        raise Refused(f"{name}: the sheet has no row {source.format.header_row}, where the header should stand.")
    header = find(grid[: max(SEARCHED_ROWS, source.format.header_row)], source, source.format.header_row)
    header = _without_blank_edge(header, grid)
    check_names(header.names, f"{name}, row {header.row_no}")
    rows = grid[header.row_no :]
    columns = {column: pa.array([row[at] for row in rows], pa.string()) for at, column in enumerate(header.names)}
    numbers = range(header.row_no + 1, len(grid) + 1)
    return Extract(pa.table({"_row_no": pa.array(numbers, pa.int64()), **columns}), [], _remarks(header, source))


def check_archive(body: bytes, name: str) -> None:
    """A workbook is a zip archive: refuse one that unpacks to too much (a zip bomb) or is damaged."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            size, limit = sum(part.file_size for part in packed.infolist()), raw_file.LARGEST_BYTES
            if size > limit:
                raise Refused(f"{name}: unpacks to {size} bytes, more than {limit}; split the file.")
            damaged = packed.testzip()  # reads no part further than its stated size, and compares the checksum
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise Refused(f"{name}: the workbook is damaged or locked ({error}); save it again, unlocked.") from error
    if damaged:
        raise Refused(f"{name}: the workbook is damaged (in {damaged}); save it again.")


def _cells(body: bytes, source: Source, name: str) -> list[list]:
    import python_calamine as calamine

    sheet_name = source.format.sheet
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(body)) as book:
            sheet = book.get_sheet_by_name(sheet_name) if sheet_name else book.get_sheet_by_index(0)
            return sheet.to_python(skip_empty_area=False)
    except (calamine.CalamineError, IndexError) as error:
        raise Refused(f"{name}: no workbook with the sheet {sheet_name or 1} ({error}); save it as .xlsx.") from error


def _without_blank_edge(header: Heading, grid: list[list[str]]) -> Heading:
    """Columns at the right edge without a name and without a value are only formatted."""
    names = list(header.names)
    while names and not names[-1] and not any(row[len(names) - 1] for row in grid[header.row_no :]):
        names.pop()
    return Heading(header.row_no, names)


def _remarks(header: Heading, source: Source) -> list[str]:
    agreed = source.format.header_row
    return [f"The headings stand in row {header.row_no}, not in row {agreed}, as agreed."] if header.row_no != agreed else []


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
