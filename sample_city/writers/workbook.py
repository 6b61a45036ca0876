"""Excel workbooks as offices send them: a notice sheet, then one sheet of records, plain or in one of the ways that hurt.

`plain` has one row of headings; `merged` has a title over all columns and headings of two rows, some merged; `serial`
writes dates as day numbers of Excel; `hollow` leaves 65,000 formatted empty rows behind the last record.
"""

from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

WAYS = ("plain", "merged", "serial", "hollow")
HOLLOW_ROWS = 65_000
CREATED = datetime(2015, 1, 1)
EXCEL_DAY_ZERO = date(1899, 12, 30)


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the workbook; returns the row of its first record in the second sheet, counted from 1."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": NOTICE, "created": CREATED})
    book.add_worksheet("SYNTHETIC 合成数据").write_string(0, 0, NOTICE)
    page = book.add_worksheet(sheet.title[:31])
    first = _headings(book, page, sheet, style.workbook)
    columns = [_values(sheet, i, style.workbook) for i in range(len(sheet.columns))]
    for row, record in enumerate(zip(*columns, strict=True), start=first):
        for column, value in enumerate(record):
            if value != "":
                page.write(row, column, value)
    if style.workbook == "hollow":
        border = book.add_format({"border": 1})
        for row in range(first + sheet.rows, first + sheet.rows + HOLLOW_ROWS):
            page.write_blank(row, 0, None, border)
    book.close()
    return first + 1


def _headings(book: xlsxwriter.Workbook, page, sheet: Sheet, way: str) -> int:
    """Write the headings; the number of rows they take."""
    if way != "merged":
        page.write_row(0, 0, sheet.headings)
        return 1
    bold = book.add_format({"bold": True, "align": "center"})
    last = len(sheet.headings) - 1
    page.merge_range(0, 0, 0, last, f"{sheet.title}汇总表", bold)
    middle = len(sheet.headings) // 2
    page.merge_range(1, 0, 1, middle - 1, "基本情况", bold)
    page.merge_range(1, middle, 1, last, "业务情况", bold)
    page.write_row(2, 0, sheet.headings)
    return 3


def _values(sheet: Sheet, column: int, way: str) -> list:
    """Text, or day numbers for the dates of a `serial` workbook."""
    values = sheet.columns[column].to_pylist()
    if way != "serial" or not sheet.fields[column].endswith("date"):
        return values
    return [_serial(value) for value in values]


def _serial(value: str) -> int | str:
    """Excel's day number of yyyymmdd; what is no date stays text."""
    try:
        return (date(int(value[:4]), int(value[4:6]), int(value[6:8])) - EXCEL_DAY_ZERO).days
    except ValueError:
        return value
