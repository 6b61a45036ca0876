"""Delimited text: a notice, the headings, the rows. Plain or gzip-compressed, in the encoding that the style names."""

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 3
"""Line of the file on which the first record stands."""
BATCH = 100_000


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the file; returns the number of its first record's row."""
    opened = gzip.GzipFile(path, "wb", mtime=0) if path.suffix == ".gz" else path.open("wb")
    with opened as file:
        if style.encoding == "utf-8-sig":
            file.write(b"\xef\xbb\xbf")
        encoding = style.encoding.removesuffix("-sig")
        file.write(f"# {NOTICE}\n{style.delimiter.join(sheet.headings)}\n".encode(encoding))
        table = pa.table(list(sheet.columns), names=[f"c{i}" for i in range(len(sheet.columns))])
        options = _options(sheet, style.delimiter)
        for batch in table.to_batches(max_chunksize=BATCH):
            lines = io.BytesIO()
            pa.csv.write_csv(batch, lines, options)
            file.write(lines.getvalue().decode().encode(encoding, errors="ignore"))
    return FIRST_ROW


def _options(sheet: Sheet, delimiter: str) -> pa.csv.WriteOptions:
    """Values are quoted in files where one of them holds the delimiter or a quote."""
    special = any(pc.any(pc.match_substring_regex(column, f'[{delimiter}"]')).as_py() for column in sheet.columns)
    return pa.csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="needed" if special else "none")
