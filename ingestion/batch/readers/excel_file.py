"""A sheet of a workbook (xlsx, xls, ods) -> rows of text, numbers and times written as a CSV file would."""

import io
import zipfile
import zlib
from datetime import datetime

import pyarrow as pa

from ingestion.batch import delivery
from ingestion.batch.faults import Refused, Unparsed
from ingestion.batch.readers.header import check_names
from lakehouse.contracts.mapping import Format


def read(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    """Rows (`_row_no`, then text columns); no row of a sheet is unparsed. Raises Refused."""
    check_archive(body, name)
    grid = [[_text(value) for value in row] for row in _cells(body, form, name)]
    if len(grid) < form.header_row:
        raise Refused(f"{name}: the sheet has no row {form.header_row}, where the header should stand.")
    header = grid[form.header_row - 1]
    check_names(header, f"{name}, row {form.header_row}")
    rows = grid[form.header_row :]
    columns = {column: pa.array([row[at] for row in rows], pa.string()) for at, column in enumerate(header)}
    numbers = range(form.header_row + 1, len(grid) + 1)
    return pa.table({"_row_no": pa.array(numbers, pa.int64()), **columns}), []


def check_archive(body: bytes, name: str) -> None:
    """A workbook is a zip archive: refuse one that unpacks to too much (a zip bomb) or is damaged."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            size, limit = sum(part.file_size for part in packed.infolist()), delivery.LARGEST_BYTES
            if size > limit:
                raise Refused(f"{name}: unpacks to {size} bytes, more than {limit}; split the file.")
            damaged = packed.testzip()  # reads no part further than its stated size, and compares the checksum
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise Refused(f"{name}: the workbook is damaged or locked ({error}); save it again, unlocked.") from error
    if damaged:
        raise Refused(f"{name}: the workbook is damaged (in {damaged}); save it again.")


def _cells(body: bytes, form: Format, name: str) -> list[list]:
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(body)) as book:
            sheet = book.get_sheet_by_name(form.sheet) if form.sheet else book.get_sheet_by_index(0)
            return sheet.to_python(skip_empty_area=False)
    except (calamine.CalamineError, IndexError) as error:
        raise Refused(f"{name}: no workbook with the sheet {form.sheet or 1} ({error}); save it as .xlsx.") from error


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
