"""Fixed-width text: columns padded to their width in bytes of the encoding; the note beside the file says where each begins."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import NOTICE, ORIGIN
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 2
BATCH = 100_000


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the file; returns the number of its first record's line. A value that is too long is cut."""
    widths = (*style.widths, len(ORIGIN))
    table = pa.table(list(sheet.columns), names=[f"c{i}" for i in range(len(widths))])
    with path.open("wb") as file:
        file.write(f"# {NOTICE}\n".encode(style.encoding))
        for batch in table.to_batches(max_chunksize=BATCH):
            lines = pc.binary_join_element_wise(*map(_padded, batch.columns, widths), "")
            file.write(("\n".join(lines.to_pylist()) + "\n").encode(style.encoding))
    return FIRST_ROW


def _padded(values: pa.Array, width: int) -> pa.Array:
    """Blanks after the value up to `width` bytes; a Chinese character takes two bytes in GBK and GB 18030, three in UTF-8."""
    length = _bytes(values)
    too_long = pc.greater(length, width)
    if pc.any(too_long).as_py():
        values = pc.if_else(too_long, pc.utf8_slice_codeunits(values, 0, width // 2), values)
        length = _bytes(values)
    blanks = pa.array([" " * n for n in range(width + 1)]).take(pc.subtract(width, length))
    return pc.binary_join_element_wise(values, blanks, "")


def _bytes(values: pa.Array) -> pa.Array:
    """Bytes in GB 18030 of text whose characters take one or three bytes in UTF-8."""
    return pc.divide(pc.add(pc.binary_length(values), pc.utf8_length(values)), 2)
