"""Delimited text -> rows of text; rows with too many or too few values become unparsed, the rest is read."""

import csv
import io
from collections.abc import Callable
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ingestion.batch.faults import Extract, Refused, Unparsed
from ingestion.batch.readers.encoding import decode
from ingestion.batch.readers.header import check_names
from lakehouse.contracts import Source
from lakehouse.contracts.mapping import Format

LONGEST_ROW_BYTES = 16 * 1024**2


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no`, then text columns) and unparsed rows. Raises Refused."""
    form = source.format
    text, notes = decode(body, form.encoding, name)
    header, lines = read_header(text, form, name)
    invalid: list[Unparsed] = []
    short: list[int] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        short.extend([row.number] * (row.actual_columns < row.expected_columns))
        reason = f"row {row.number} of {name} has {row.actual_columns} values, the header {row.expected_columns}"
        invalid.append(Unparsed(row.number, row.text, f"{reason}; quote values that hold the delimiter."))
        return "skip"

    ended = text if text.endswith("\n") else text + "\n"
    try:
        table = pa.csv.read_csv(io.BytesIO(ended.encode("utf-8")), *_options(header, lines, form.delimiter, keep))
    except pa.ArrowInvalid as error:
        raise Refused(f"{name}: {_in_words(error)}; mend the file and send it again.") from error
    rows = _numbered(table, lines + 1, {u.row_no for u in invalid})
    _check_quotes(text, rows, invalid, name)
    if short and not text.endswith(("\n", "\r")) and short[-1] == lines + len(rows) + len(invalid):
        raise Refused(f"{name}: breaks off within row {short[-1]}: cut off on its way; send it whole.")
    return _without_comments(Extract(rows, invalid, notes), form.comment)


def read_header(text: str, form: Format, name: str) -> tuple[list[str], int]:
    """Names of the columns, and the number of lines of the file down to the end of the header."""
    before = _comment_lines(text, form.comment)
    start = sum(len(line) for line in islice(io.StringIO(text, newline=""), before))
    reader = csv.reader(io.StringIO(text[start:], newline=""), delimiter=form.delimiter)
    row_no = before + form.header_row
    try:
        header = list(islice(reader, form.header_row))[form.header_row - 1]
    except IndexError:
        raise Refused(f"{name}: there is no row {row_no}, where the header should stand.") from None
    except csv.Error as error:
        raise Refused(f"{name}: the header in row {row_no} cannot be read ({error}).") from error
    check_names(header, f"{name}, row {row_no}")
    return header, before + reader.line_num


def _comment_lines(text: str, mark: str | None) -> int:
    """How many lines at the beginning are comments."""
    for number, line in enumerate(io.StringIO(text, newline="")):
        if mark is None or not line.startswith(mark):
            return number
    return text.count("\n")


def _without_comments(found: Extract, mark: str | None) -> Extract:
    """Lines between rows that are comments are no rows."""
    if mark is None:
        return found
    is_comment = pc.starts_with(pc.fill_null(found.rows[1], ""), mark)
    unparsed = [u for u in found.unparsed if not u.text.startswith(mark)]
    return Extract(found.rows.filter(pc.invert(is_comment)), unparsed, found.notes)


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
    """Without the library's own words, which may repeat a row."""
    if "straddling" in str(error):
        return f"a row is longer than {LONGEST_ROW_BYTES} bytes (a line break or a quote is missing?)"
    return "not readable as delimited text"
