"""Excel workbooks: sheet `data` with the rows, sheet `about` with title, licence and columns. No clock in the file.

An Excel sheet ends at row 1,048,576 (ECMA-376, SpreadsheetML). A longer dataset is split by calendar year of its time
column in the business time zone (`<dataset>_2013.xlsx`), by month where a year is still too long, and by day after that.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from lakehouse.settings import settings
from publishing.exporters.export import Export, time_field

SHEET_ROWS = 1_048_576 - 1  # one is the header
BATCH = 16_384
PERIODS = ("%Y", "%Y-%m", "%Y-%m-%d")
EPOCH_SERIAL = 25_569  # 1970-01-01 in Excel's day count
DAY_US = 86_400_000_000


def write_excel(export: Export, folder: Path, sheet_rows: int = SHEET_ROWS) -> list[Path]:
    """One workbook, or one per period when the rows do not fit a sheet. Instants are UTC, as the about sheet says."""
    paths = []
    for period, rows in split_rows(export, sheet_rows):
        path = folder / f"{export.name}{'_' + period if period else ''}.xlsx"
        _write_workbook(export, rows, path)
        paths.append(path)
    return paths


def split_rows(export: Export, sheet_rows: int = SHEET_ROWS) -> Iterator[tuple[str, pa.Table]]:
    """(period, rows) parts that each fit a sheet; the period is empty for a dataset in one part.

    Raises ValueError when no calendar period makes the parts small enough.
    """
    if export.rows.num_rows <= sheet_rows:
        yield "", export.rows
        return
    field = time_field(export.dataset)
    moments = _local(export.rows[field.name]) if field else None
    for pattern in PERIODS if field else ():
        labels = pc.strftime(moments, format=pattern)
        counts = pc.value_counts(labels)
        if pc.max(counts.field("counts")).as_py() <= sheet_rows:
            for label in sorted(counts.field("values").to_pylist()):
                yield label, export.rows.filter(pc.equal(labels, label))
            return
    raise ValueError(
        f"{export.name}: {export.rows.num_rows:,} rows do not fit Excel's {sheet_rows:,} rows a sheet, by year, month "
        "or day of its key; give the contract a date or timestamp in the primary key."
    )


def _local(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """Instants in the business time zone; dates and local times as they are."""
    if pa.types.is_timestamp(moments.type) and moments.type.tz:
        return moments.cast(pa.timestamp(moments.type.unit, settings().business_zone))
    return moments


def _write_workbook(export: Export, rows: pa.Table, path: Path) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": export.dataset.name_en, "created": export.issued.replace(tzinfo=None)})
        _write_data(book, rows)
        _write_about(book, export)


def _write_data(book: xlsxwriter.Workbook, rows: pa.Table) -> None:
    sheet, bold = book.add_worksheet("data"), book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for position, field in enumerate(rows.schema):
        pattern = {"d": "yyyy-mm-dd", "t": "yyyy-mm-dd hh:mm:ss"}.get(_kind(field.type))
        sheet.set_column(
            position,
            position,
            20 if pattern else 14,
            book.add_format({"num_format": pattern}) if pattern else None,
        )
        sheet.write_string(0, position, field.name, bold)
    start = 1
    for batch in rows.to_batches(max_chunksize=BATCH):
        _write_batch(sheet, batch, start)
        start += batch.num_rows


def _write_batch(sheet: Worksheet, batch: pa.RecordBatch, start: int) -> None:
    write = {"s": sheet.write_string, "b": sheet.write_boolean}
    writers = [write.get(_kind(field.type), sheet.write_number) for field in batch.schema]
    columns = [_cells(column).to_pylist() for column in batch.columns]
    for offset, values in enumerate(zip(*columns, strict=True)):
        for position, value in enumerate(values):
            if value is not None:
                writers[position](start + offset, position, value)


def _cells(column: pa.Array) -> pa.Array:
    """The values that Excel stores: dates and times as days since its epoch."""
    kind = _kind(column.type)
    if kind == "d":
        return pc.add(column.cast(pa.int32()), EPOCH_SERIAL)
    if kind == "t":
        microseconds = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        return pc.add(pc.divide(microseconds.cast(pa.float64()), DAY_US), EPOCH_SERIAL)
    return column


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_date(kind):
        return "d"
    if pa.types.is_timestamp(kind):
        return "t"
    if pa.types.is_boolean(kind):
        return "b"
    return "n" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "s"


def _write_about(book: xlsxwriter.Workbook, export: Export) -> None:
    sheet, bold = book.add_worksheet("about"), book.add_format({"bold": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 4, 40)
    facts = [
        ("title", export.dataset.name_en), ("标题", export.dataset.name_zh), ("description", export.dataset.description),
        ("version", export.version), ("licence", f"{export.licence.name_en} {export.licence.url}"),
        ("citation", export.citation()), ("origin", ", ".join(export.origins)),
        ("times", "hour_at and other instants are UTC; columns named _local are the station's local time."),
    ]  # fmt: skip
    for row, (name, value) in enumerate(facts):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value)
    for position, name in enumerate(("column", "name", "名称", "unit", "description")):
        sheet.write_string(len(facts) + 1, position, name, bold)
    for row, field in enumerate(export.fields, start=len(facts) + 2):
        for position, value in enumerate((field.name, field.name_en, field.name_zh, field.unit or "", field.description)):
            sheet.write_string(row, position, value)
