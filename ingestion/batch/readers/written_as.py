"""What a delivered file is by its first bytes, and whether that was agreed."""

from ingestion.batch.faults import Refused

AGREED = {
    "csv": "delimited text (CSV)",
    "excel": "a workbook (.xlsx)",
    "fixed_width": "text of fixed width",
    "geojson": "GeoJSON",
    "json": "JSON",
    "sqlite": "an SQLite database",
    "xml": "XML",
}
"""Format of a mapping -> its name in a sentence."""
SIGNS = {
    b"PK\x03\x04": "a workbook (.xlsx, .ods) or another zip archive",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls)",
    b"SQLite format 3\0": "an SQLite database",
    b"\x1f\x8b": "a gzip archive, whose name must end in .gz",
    b"%PDF": "a PDF document",
}
BINARY = {"excel": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "sqlite": (b"SQLite format 3\0",)}


def check(body: bytes, agreed: str, name: str) -> None:
    """Raises Refused for a file of another kind than the mapping says."""
    if agreed not in AGREED:
        return
    sign = next((sign for sign in SIGNS if body.startswith(sign)), None)
    if sign in BINARY.get(agreed, (None,)):
        return
    found = SIGNS[sign] if sign else "none"
    raise Refused(f"{name}: {AGREED[agreed]} was agreed, and the file is {found}; save it as agreed and send that file.")
