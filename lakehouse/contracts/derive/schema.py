"""Contract -> Arrow schema of the table, envelope columns included."""

import pyarrow as pa

from lakehouse.contracts.model import Dataset

TIMESTAMP = pa.timestamp("us", tz="UTC")

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": TIMESTAMP,
    "binary": pa.binary(),
}

SILVER_ENVELOPE = pa.schema(
    [
        ("_warnings", pa.string()),
        ("_record_id", pa.string()),
        ("_item_no", pa.int32()),
        ("_source_code", pa.string()),
        ("_data_origin", pa.string()),
        ("_received_at", TIMESTAMP),
        ("_available_at", TIMESTAMP),
    ]
)
"""Added to every silver row: names of the warning rules it breaks, the record and item it came from, its
source, its origin, when it was received and when it could be known."""


def arrow_schema(dataset: Dataset) -> pa.Schema:
    """Arrow schema of the dataset's table: the contract's columns; in silver also envelope and partition, but for registers:
    their rows come from many records, and their contracts list all columns."""
    own = pa.schema([(f.name, ARROW_TYPES[f.logical_type]) for f in dataset.fields])
    if dataset.layer != "silver" or dataset.engine == "register":
        return own
    partition = [pa.field(dataset.partition, pa.date32())] if dataset.partition else []
    return pa.schema([*own, *SILVER_ENVELOPE, *partition])
