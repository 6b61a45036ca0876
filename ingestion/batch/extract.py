"""File bytes -> rows of text columns as received, and the rows that do not parse with the reason."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch import misread
from ingestion.batch.faults import Extract, NoRows, Refused
from ingestion.batch.readers import (
    csv_file,
    excel_file,
    fixed_width_file,
    geojson_file,
    header,
    json_file,
    osm_file,
    sqlite_file,
    written_as,
    xml_file,
)
from lakehouse.contracts import Source
from lakehouse.contracts.mapping import Format

READERS: dict[str, Callable[[bytes, Source, str], Extract]] = {
    "csv": csv_file.read,
    "excel": excel_file.read,
    "fixed_width": fixed_width_file.read,
    "geojson": geojson_file.read,
    "json": json_file.read,
    "osm": osm_file.read,
    "sqlite": sqlite_file.read,
    "xml": xml_file.read,
}
NOTHING_TO_LAND = "If the period has rows, send them in a new file; if it has none, nothing more is to be done."


def extract(body: bytes, source: Source, file_name: str) -> Extract:
    """Parse a delivered file by the source's format; the agreed columns under their agreed names.

    Raises Refused when the file as a whole is not what the source declares (encoding, header, sheet, syntax), NoRows
    when it holds nothing but a header, or nothing at all.
    """
    if source.format is None or source.time is None:
        raise Refused(f"{source.source}: the mapping names no format and time of files; complete it, then deliver.")
    if not body.strip():
        raise NoRows(f"The file is empty ({len(body)} bytes). {NOTHING_TO_LAND}")
    written_as.check(body, source.format.type, file_name)
    found = READERS[source.format.type](body, source, file_name)
    if found.rows.num_columns == 1 and not found.unparsed:
        raise NoRows(f"The list of records is empty. {NOTHING_TO_LAND}")
    misread.check(found, source, file_name)
    agreed = header.compare(found, source, file_name)
    filled, notes = without_empty_rows(agreed.rows), agreed.notes
    if left_out := agreed.rows.num_rows - filled.num_rows:
        notes.append(f"Empty rows left out: {left_out}.")
    if not filled.num_rows and not agreed.unparsed:
        raise NoRows(" ".join(["The file holds a header and no rows.", *notes, NOTHING_TO_LAND]))
    return Extract(filled, agreed.unparsed, notes)


def without_empty_rows(rows: pa.Table) -> pa.Table:
    """Rows in which some column holds a character."""
    filled = pa.repeat(False, rows.num_rows)
    for column in rows.columns[1:]:
        filled = pc.or_(filled, pc.greater(pc.fill_null(pc.binary_length(column), 0), 0))
    return rows.filter(filled)


def missing_counts(rows: pa.Table, form: Format) -> dict[str, int]:
    """Per column, how many values are one of the format's words for missing."""
    words = pa.array(form.missing)
    received = [name for name in rows.column_names if not name.startswith("_")]
    return {c: pc.sum(pc.is_in(pc.fill_null(rows[c], ""), value_set=words)).as_py() or 0 for c in received}
