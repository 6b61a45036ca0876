"""A GeoJSON feature collection (RFC 7946) -> rows of text: properties are columns, `geometry` is GeoJSON text."""

from typing import Any

from ingestion.batch.faults import Extract, Refused
from ingestion.batch.readers import json_file
from lakehouse.contracts import Source

GEOMETRY = "geometry"


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = number of the feature, then text columns); what is no feature is unparsed. Raises Refused."""
    document, notes = json_file.parse(body, source, name)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise Refused(f"{name}: there is no list `features`; write a GeoJSON feature collection (RFC 7946).")
    return json_file.tabulate([_record(feature) for feature in features], name, notes)


def _record(feature: Any) -> Any:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
        return [feature]
    return {**(feature.get("properties") or {}), GEOMETRY: feature.get(GEOMETRY)}
