"""CSV that Excel opens by a double click: RFC 4180 (comma, CRLF, quotes doubled), UTF-8 with byte-order mark.

Instants are ISO 8601 in UTC (`2017-02-28T15:00:00Z`), local times carry no zone, missing is empty.
"""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from publishing.exporters.export import Export

BATCH = 65_536


def write_csv(export: Export, folder: Path) -> list[Path]:
    """`<dataset>.csv`: a header line with the column names, then one line per row."""
    path = folder / f"{export.name}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(export.rows.column_names)
        for batch in export.rows.to_batches(max_chunksize=BATCH):
            writer.writerows(zip(*(as_text(column).to_pylist() for column in batch.columns), strict=True))
    return [path]


def as_text(column: pa.Array) -> pa.Array:
    """A column as text, null where missing. Timestamps are cut to seconds when they hold whole seconds."""
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    zone = "Z" if column.type.tz else ""
    whole = pc.all(pc.equal(pc.subsecond(column), 0)).as_py() is not False
    unit = "s" if whole else column.type.unit
    return pc.strftime(column.cast(pa.timestamp(unit, column.type.tz)), format=f"%Y-%m-%dT%H:%M:%S{zone}")
