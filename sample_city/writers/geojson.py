"""GeoJSON (RFC 7946): one feature a line; coordinates are those of the datum that each feature states, 7 to 9 decimals."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sample_city.extract import NOTICE
from sample_city.writers.sheet import Sheet, Style

FIRST_ROW = 1
BATCH = 50_000


def write(path: Path, sheet: Sheet, style: Style) -> int:
    """Write the collection; features count from 1. Property values must hold no quote or backslash."""
    places = [i for i, field in enumerate(sheet.fields) if field != "geometry"]
    geometry = sheet.fields.index("geometry")
    table = pa.table(list(sheet.columns), names=[f"c{i}" for i in range(len(sheet.columns))])
    with path.open("w", encoding=style.encoding, newline="\n") as file:
        file.write(
            '{"type":"FeatureCollection","synthetic":true,"notice":' + json.dumps(NOTICE, ensure_ascii=False) + ',"features":[\n'
        )
        for number, batch in enumerate(table.to_batches(max_chunksize=BATCH)):
            pairs = [pc.binary_join_element_wise(f'"{sheet.headings[i]}":"', batch.column(i), '"', "") for i in places]
            properties = pc.binary_join_element_wise(*pairs, ",")
            head, middle = '{"type":"Feature","properties":{', '},"geometry":'
            lines = pc.binary_join_element_wise(head, properties, middle, batch.column(geometry), "}", "")
            file.write((",\n" if number else "") + ",\n".join(lines.to_pylist()))
        file.write("\n]}\n")
    return FIRST_ROW
