"""The truth, as Parquet files outside the lake's home; only scoring may read it."""

from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sample_city.defects.deliveries import FileDefect
from sample_city.defects.values import Log
from sample_city.extract import NOTICE, Extract

PROPERTIES = {b"data_origin": b"synthetic", b"notice": NOTICE.encode()}
TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMAS = {
    "record_entity": pa.schema(
        [
            ("source", TEXT),
            ("file", TEXT),
            ("row_no", pa.int64()),
            ("role", TEXT),
            ("entity_kind", TEXT),
            ("entity_no", pa.int64()),
        ]
    ),
    "defects": pa.schema(
        [
            ("source", TEXT),
            ("file", TEXT),
            ("row_no", pa.int64()),
            ("field", TEXT),
            ("defect_id", TEXT),
            ("true_value", pa.string()),
            ("injected_value", pa.string()),
        ]
    ),
}
WHOLE_FILE = 0
"""Row number of a defect that befalls a whole file."""


class Truth:
    """Open Parquet files of one city; rows are appended county by county, file by file."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.writers: dict[str, pq.ParquetWriter] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Truth":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for writer in self.writers.values():
            writer.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows to one table of the truth."""
        if name not in self.writers:
            schema = table.schema.with_metadata(PROPERTIES)
            self.writers[name] = pq.ParquetWriter(self.folder / f"{name}.parquet", schema, compression="zstd")
        self.writers[name].write_table(table.replace_schema_metadata(PROPERTIES))

    def add_records(self, extract: Extract, file: str, first_row: int) -> None:
        """Which entities the rows of a file speak of; roles that a row does not fill are left out."""
        for role, (kind, numbers) in extract.entities.items():
            rows = np.flatnonzero(numbers >= 0)
            same = {"source": extract.source.name, "file": file, "role": role, "entity_kind": kind}
            self.add("record_entity", _table("record_entity", len(rows), same, row_no=rows + first_row, entity_no=numbers[rows]))

    def add_defects(self, source: str, file: str, log: Log, first_row: int) -> None:
        """The log of a file's errors; rows repeated in the file name the row they repeat."""
        true = [str(int(v) + first_row) if d == "D10" else v for v, d in zip(log.true_value, log.defect, strict=True)]
        columns = {
            "row_no": log.row + first_row,
            "field": log.field,
            "defect_id": log.defect,
            "true_value": true,
            "injected_value": log.injected_value,
        }
        self.add("defects", _table("defects", len(log.row), {"source": source, "file": file}, **columns))

    def add_file_defect(self, source: str, file: str, found: FileDefect) -> None:
        columns = {"row_no": [WHOLE_FILE], "field": [found.what], "defect_id": [found.defect]}
        columns |= {"true_value": [found.true_value], "injected_value": [found.injected_value]}
        self.add("defects", _table("defects", 1, {"source": source, "file": file}, **columns))


def _table(name: str, rows: int, same: dict[str, str], **columns) -> pa.Table:
    """A table of the given schema; `same` are constant columns."""
    schema = SCHEMAS[name]
    constants = {c: pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([v])) for c, v in same.items()}
    arrays = {c: pa.array(v).cast(schema.field(c).type) for c, v in columns.items()} | constants
    return pa.table([arrays[field.name] for field in schema], schema=schema)
