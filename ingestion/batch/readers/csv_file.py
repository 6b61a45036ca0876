"""Delimited text -> rows of text; rows with too many or too few values become unparsed, the rest is read."""

import csv
import io
from collections.abc import Callable
from itertools import islice

import pyarrow as pa
import pyarrow.csv

from ingestion.batch.faults import Refused, Unparsed
from ingestion.batch.readers.encoding import decode
from ingestion.batch.readers.header import check_names
from lakehouse.contracts.mapping import Format

LONGEST_ROW_BYTES = 16 * 1024**2


def read(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    """Rows (`_row_no`, then text columns) and unparsed rows. Raises Refused."""
    text = decode(body, form.encoding, name)
    header, lines = read_header(text, form, name)
    unparsed: list[Unparsed] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        reason = f"row {row.number} of {name} has {row.actual_columns} values, the header {row.expected_columns}"
        unparsed.append(Unparsed(row.number, row.text, f"{reason}; quote values that hold the delimiter."))
        return "skip"

    try:
        table = pa.csv.read_csv(io.BytesIO(text.encode("utf-8")), *_options(header, lines, form.delimiter, keep))
    except pa.ArrowInvalid as error:
        raise Refused(f"{name}: {_in_words(error)}; mend the file and send it again.") from error
    rows = _numbered(table, lines + 1, {u.row_no for u in unparsed})
    _check_quotes(text, rows, unparsed, name)
    return rows, unparsed


def read_header(text: str, form: Format, name: str) -> tuple[list[str], int]:
    """Names of the columns, and the number of lines of the file down to the end of the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter)
    try:
        header = list(islice(reader, form.header_row))[form.header_row - 1]
    except IndexError:
        raise Refused(f"{name}: there is no row {form.header_row}, where the header should stand.") from None
    except csv.Error as error:
        raise Refused(f"{name}: the header in row {form.header_row} cannot be read ({error}).") from error
    check_names(header, f"{name}, row {form.header_row}")
    return header, reader.line_num


def _options(header: list[str], lines: int, delimiter: str, keep: Callable):
    """Everything is text; empty rows are kept for their numbers; only one thread knows row numbers."""
    return (
        pa.csv.ReadOptions(use_threads=False, block_size=LONGEST_ROW_BYTES, column_names=header, skip_rows=lines),
        pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep),
        pa.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )


def _numbered(table: pa.Table, first: int, taken: set[int]) -> pa.Table:
    """Put the row number in the file before the columns, leaving out the numbers of unparsed rows."""
    numbers = [n for n in range(first, first + table.num_rows + len(taken)) if n not in taken]
    return table.add_column(0, "_row_no", pa.array(numbers, pa.int64()))


def _check_quotes(text: str, rows: pa.Table, unparsed: list[Unparsed], name: str) -> None:
    """A quote that is never closed swallows the rest of the file into one value of its last row, silently."""
    if text.count('"') % 2 == 0:
        return
    ends = [(u.row_no, u.text) for u in unparsed[-1:]]
    for number, *values in (row.values() for row in rows.slice(max(rows.num_rows - 1, 0)).to_pylist()):
        ends.append((number, " ".join(value or "" for value in values)))
    number, last = max(ends, default=(0, ""))
    if "\n" in last:
        raise Refused(f"{name}: a quote in row {number} is never closed; close it and send the file again.")


def _in_words(error: pa.ArrowInvalid) -> str:
    if "straddling" in str(error):
        return f"a row is longer than {LONGEST_ROW_BYTES} bytes (a line break or a quote is missing?)"
    return f"not readable as delimited text ({str(error).splitlines()[0]})"
