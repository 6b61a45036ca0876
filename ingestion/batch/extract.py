"""File bytes -> rows of text columns as received, and the rows that do not parse with the reason."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ingestion.batch.delivery import Refused
from lakehouse.contracts import Source
from lakehouse.contracts.model import Format

LONGEST_LINE_BYTES = 16 * 1024**2


@dataclass(frozen=True)
class Unparsed:
    """A row that is no record: its number in the file (header = 1), its text and why."""

    row_no: int
    text: str
    reason: str


@dataclass(frozen=True)
class Extract:
    """Rows as received (`_row_no` and text columns) and the rows that are none; `notes` are remarks for the sender."""

    rows: pa.Table
    unparsed: list[Unparsed]
    notes: list[str]


def extract(body: bytes, source: Source, file_name: str) -> Extract:
    """Parse a delivered file by the source's format.

    Raises Refused when the file as a whole is not what the source declares (encoding, header, sheet, syntax).
    """
    if source.format is None:
        raise Refused(
            f"{source.source}: the source declares no file format, so nothing can be delivered to it."
        )
    if not body.strip():
        raise Refused(
            f"{file_name}: the file is empty; send the rows of the period, or tell the owner that there are none."
        )
    rows, unparsed = READERS[source.format.type](body, source.format, file_name)
    notes = _check_header(rows.column_names[1:], source, file_name)
    return Extract(rows, unparsed, notes)


def _read_csv(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    text = _decode(body, form.encoding, name).encode("utf-8")
    unparsed: list[Unparsed] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        reason = f"row {row.number} of {name} has {row.actual_columns} values where the header has {row.expected_columns}"
        unparsed.append(Unparsed(row.number, row.text, f"{reason}; quote values that hold the delimiter."))
        return "skip"

    try:
        table = pa.csv.read_csv(
            io.BytesIO(text),
            read_options=pa.csv.ReadOptions(
                use_threads=False, block_size=LONGEST_LINE_BYTES, skip_rows=form.header_row - 1
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=form.delimiter, newlines_in_values=True, invalid_row_handler=keep
            ),
            convert_options=pa.csv.ConvertOptions(
                strings_can_be_null=False, column_types=_all_text(text, form)
            ),
        )
    except pa.ArrowInvalid as error:
        raise Refused(
            f"{name}: not a readable CSV file ({str(error).splitlines()[0]}); send it again."
        ) from error
    return _numbered(table, {u.row_no for u in unparsed}), unparsed


def _all_text(text: bytes, form: Format) -> dict[str, pa.DataType]:
    header = text.split(b"\n", form.header_row)[form.header_row - 1].decode("utf-8")
    row = pa.csv.read_csv(
        io.BytesIO(header.encode() + b"\n"), parse_options=pa.csv.ParseOptions(delimiter=form.delimiter)
    )
    return {column: pa.string() for column in row.column_names}


def _numbered(table: pa.Table, taken: set[int]) -> pa.Table:
    """Put the row number in the file (header = 1) before the columns, leaving out the numbers of unparsed rows."""
    numbers = [n for n in range(2, table.num_rows + len(taken) + 2) if n not in taken]
    return table.add_column(0, "_row_no", pa.array(numbers, pa.int64()))


def _decode(body: bytes, encoding: str | None, name: str) -> str:
    """Text of the file; without a declared encoding UTF-8 is tried, then GB18030 (which holds GBK and GB 2312)."""
    for candidate in [encoding] if encoding else ["utf-8-sig", "gb18030"]:
        try:
            return body.decode(candidate)
        except UnicodeDecodeError as error:
            broken = error
    said = encoding or "utf-8 or gb18030"
    raise Refused(
        f"{name}: byte {body[broken.start]:#04x} at offset {broken.start} is not {said}, which the source declares; "
        "save the file in that encoding, or have the source mapping changed."
    )


def _read_excel(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        sheet = book.get_sheet_by_name(form.sheet) if form.sheet else book.get_sheet_by_index(0)
    except (python_calamine.CalamineError, python_calamine.WorksheetNotFound) as error:
        raise Refused(f"{name}: not a readable workbook with sheet {form.sheet or 1} ({error}).") from error
    grid = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    header = [str(h) for h in grid[form.header_row - 1]] if len(grid) >= form.header_row else []
    if not all(header) or len(set(header)) != len(header):
        raise Refused(
            f"{name}: row {form.header_row} is no header of unlike, filled names (merged cells?); mend the sheet."
        )
    kept = [(n, row) for n, row in enumerate(grid, 1) if n > form.header_row and any(row)]
    columns = {h: pa.array([row[i] for _, row in kept], pa.string()) for i, h in enumerate(header)}
    return pa.table({"_row_no": pa.array([n for n, _ in kept], pa.int64()), **columns}), []


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if hasattr(value, "isoformat") and hasattr(value, "hour") else str(value)


def _read_json(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    try:
        found = json.loads(_decode(body, form.encoding, name))
    except json.JSONDecodeError as error:
        raise Refused(
            f"{name}: not JSON at line {error.lineno}, column {error.colno} ({error.msg})."
        ) from error
    records = found.get(form.records) if form.records and isinstance(found, dict) else found
    if not isinstance(records, list):
        raise Refused(
            f"{name}: holds no list of records{f' under {form.records!r}' if form.records else ''}."
        )
    unparsed = [
        Unparsed(n, json.dumps(r, ensure_ascii=False), f"record {n} of {name} is not an object.")
        for n, r in enumerate(records, 1) if not isinstance(r, dict)
    ]  # fmt: skip
    good = [(n, r) for n, r in enumerate(records, 1) if isinstance(r, dict)]
    names = list(dict.fromkeys(key for _, r in good for key in r))
    columns = {k: pa.array([_json_text(r.get(k)) for _, r in good], pa.string()) for k in names}
    return pa.table({"_row_no": pa.array([n for n, _ in good], pa.int64()), **columns}), unparsed


def _json_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


READERS: dict[str, Callable[[bytes, Format, str], tuple[pa.Table, list[Unparsed]]]] = {
    "csv": _read_csv,
    "excel": _read_excel,
    "json": _read_json,
}


def _check_header(found: list[str], source: Source, name: str) -> list[str]:
    expected = source.columns
    if missing := [c for c in expected if c not in found]:
        raise Refused(
            f"{name}: the header lacks {', '.join(missing)} (found: {', '.join(found)}); "
            "name the columns as agreed, or have the source mapping changed."
        )
    extra = [c for c in found if c not in expected] if expected else []
    return [f"Column {c} is not in the agreement; it is kept in bronze and used nowhere." for c in extra]


def missing_counts(rows: pa.Table, form: Format) -> dict[str, int]:
    """Per column, how many values are one of the format's words for missing."""
    words = pa.array(form.missing)
    return {
        c: pc.sum(pc.is_in(pc.fill_null(rows[c], ""), value_set=words)).as_py() or 0
        for c in rows.column_names
        if not c.startswith("_")
    }
