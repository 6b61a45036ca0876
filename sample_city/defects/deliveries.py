"""What goes wrong with whole files: encoding, layout of workbooks, drift of the columns, and the way of the delivery."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.defects.rates import Rates
from sample_city.extract import Extract
from sample_city.randomness import Draws
from sample_city.writers.sheet import Sheet, Style
from sample_city.writers.workbook import WAYS

LONGEST_DELAY_DAYS = 5
DRIFT_PERIOD_DAYS = 30
DRIFTS = ("column_added", "column_renamed", "columns_reordered", "type_changed")
ONE = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class FileDefect:
    """A defect of a whole file for the log: id, what it concerns, what was agreed, what came."""

    defect: str
    what: str
    true_value: str
    injected_value: str


def encoding_of(draws: Draws, extract: Extract, file: str, rates: Rates) -> tuple[str, list[FileDefect]]:
    """D15: text files that are agreed to be UTF-8 come in what the clerk's machine writes."""
    agreed = extract.source.encoding
    if agreed != "utf-8" or extract.source.format not in ("delimited", "gzip"):
        return agreed, []
    drawn, edge = draws.uniform(f"encoding|{file}", ONE)[0], 0.0
    for encoding, rate in (("gbk", "D15_gbk"), ("utf-8-sig", "D15_bom"), ("gb18030", "D15_gb18030")):
        edge += rates[rate]
        if drawn < edge:
            return encoding, [FileDefect("D15", "encoding", agreed, encoding)]
    return agreed, []


def workbook_of(draws: Draws, extract: Extract, file: str, rates: Rates) -> tuple[str, list[FileDefect]]:
    """D16: a workbook in one of the ways that hurt."""
    if extract.source.format != "workbook" or not draws.chance(f"workbook|{file}", ONE, rates["D16_layout"])[0]:
        return WAYS[0], []
    way = WAYS[1 + draws.below(f"workbook_way|{file}", ONE, len(WAYS) - 1)[0]]
    return way, [FileDefect("D16", "layout", WAYS[0], way)]


def style_of(draws: Draws, extract: Extract, file: str, rates: Rates) -> tuple[Style, list[FileDefect]]:
    """How the file is written, and what is wrong about that."""
    encoding, wrong_encoding = encoding_of(draws, extract, file, rates)
    workbook, wrong_layout = workbook_of(draws, extract, file, rates)
    source = extract.source
    return Style(encoding, source.delimiter, tuple(source.widths.values()), workbook), wrong_encoding + wrong_layout


def drift(draws: Draws, extract: Extract, sheet: Sheet, opening: np.datetime64, rates: Rates) -> tuple[Sheet, list[FileDefect]]:
    """D18: from some day on a table of a dataset has another shape. Fixed-width files keep their layout."""
    source = extract.source
    period = int((extract.day - opening).astype(np.int64)) // DRIFT_PERIOD_DAYS
    stream = f"drift|{source.register}|{period}"
    since = opening + period * DRIFT_PERIOD_DAYS + draws.below(f"{stream}|day", ONE, DRIFT_PERIOD_DAYS)[0]
    steady = source.format in ("fixed_width", "geojson") or extract.day < since
    if steady or not draws.chance(stream, ONE, rates["D18"])[0]:
        return sheet, []
    kind = DRIFTS[draws.below(f"{stream}|kind", ONE, len(DRIFTS))[0]]
    changed = {"column_added": _add, "column_renamed": _rename, "columns_reordered": _reorder, "type_changed": _retype}[kind](
        sheet
    )
    agreed, came = (",".join(s.headings) for s in (sheet, changed))
    return changed, [FileDefect("D18", kind, agreed, came)] if changed is not sheet else []


def _add(sheet: Sheet) -> Sheet:
    extra = pa.repeat(pa.scalar("1"), sheet.rows)
    return replace(sheet, fields=(*sheet.fields, ""), headings=(*sheet.headings, "BZ1"), columns=(*sheet.columns, extra))


def _rename(sheet: Sheet) -> Sheet:
    return replace(sheet, headings=(sheet.headings[0], f"{sheet.headings[1]}_NEW", *sheet.headings[2:]))


def _reorder(sheet: Sheet) -> Sheet:
    return Sheet(*((row[1], row[0], *row[2:]) for row in (sheet.fields, sheet.headings, sheet.columns)), sheet.title)


def _retype(sheet: Sheet) -> Sheet:
    """Dates get separators: yyyy-mm-dd for yyyymmdd."""
    dates = [i for i, field in enumerate(sheet.fields) if field.endswith(("_date", "_on")) or field == "date"]
    if not dates:
        return sheet
    columns = [_dashed(c) if i in dates else c for i, c in enumerate(sheet.columns)]
    return replace(sheet, columns=tuple(columns))


def _dashed(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")


def delay_days(draws: Draws, file: str, rates: Rates) -> tuple[int, list[FileDefect]]:
    """D17: the file comes 1 to 5 days late."""
    if not draws.chance(f"late|{file}", ONE, rates["D17_late"])[0]:
        return 0, []
    days = int(1 + draws.below(f"late_days|{file}", ONE, LONGEST_DELAY_DAYS)[0])
    return days, [FileDefect("D17", "late", "0", str(days))]


def way_of(draws: Draws, file: str, rates: Rates) -> str:
    """D17: `missing`, `resent` (the first version lacked rows), `twice`, or `sent` as due."""
    drawn, edge = draws.uniform(f"way|{file}", ONE)[0], 0.0
    for way in ("missing", "resent", "twice"):
        edge += rates[f"D17_{way}"]
        if drawn < edge:
            return way
    return "sent"
