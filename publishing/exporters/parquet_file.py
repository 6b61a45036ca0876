"""Parquet with the contract's labels in its metadata, and no clock in it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from publishing.exporters.export import Export
from publishing.exporters.geometry import with_geometry


def write_parquet(export: Export, folder: Path) -> list[Path]:
    """`<dataset>.parquet`: zstd, one schema; title, version, licence and citation as key-value metadata; GeoParquet where the
    contract names a geometry."""
    path = folder / f"{export.name}.parquet"
    rows = with_geometry(export.rows.cast(labelled_schema(export)), export.dataset)
    pq.write_table(rows, path, compression="zstd", row_group_size=262_144)
    return [path]


def labelled_schema(export: Export) -> pa.Schema:
    """The rows' schema; every column carries its names, unit and description, the table its provenance."""
    columns = [
        export.rows.schema.field(f.name).with_metadata(
            {"name_en": f.name_en, "name_zh": f.name_zh, "unit": f.unit or "", "description": f.description}
        )
        for f in export.fields
    ]
    return pa.schema(
        columns,
        metadata={
            "dataset": export.name,
            "version": export.version,
            "issued": export.issued.isoformat(),
            "title_en": export.dataset.name_en,
            "title_zh": export.dataset.name_zh,
            "licence": export.licence.url,
            "citation": export.citation(),
            "origins": ",".join(export.origins),
        },
    )
