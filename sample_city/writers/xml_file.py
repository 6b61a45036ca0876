"""XML: one element a record, one element a value; the notice is a comment and an attribute of the root."""

from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 1
BATCH = 100_000


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the document; records count from 1."""
    table = pa.table([_escaped(c) for c in sheet.columns], names=[f"c{i}" for i in range(len(sheet.columns))])
    with path.open("w", encoding=style.encoding, newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="{style.encoding.upper()}"?>\n<!-- {NOTICE} -->\n')
        file.write(f'<records title="{sheet.title}" synthetic="true" count="{sheet.rows}">\n')
        for batch in table.to_batches(max_chunksize=BATCH):
            parts = [
                pc.binary_join_element_wise(f"<{h}>", c, f"</{h}>", "")
                for h, c in zip(sheet.headings, batch.columns, strict=True)
            ]
            file.write("\n".join(pc.binary_join_element_wise("<record>", *parts, "</record>", "").to_pylist()) + "\n")
        file.write("</records>\n")
    return FIRST_ROW


def _escaped(values: pa.Array) -> pa.Array:
    """Markup in values is escaped, where there is any."""
    if not pc.any(pc.match_substring_regex(values, "[<>&]")).as_py():
        return values
    return pa.array([escape(v) for v in values.to_pylist()], pa.string())
