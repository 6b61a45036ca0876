"""A JSON document with a list of objects -> rows of text; values that are no text are kept as JSON."""

import json
from typing import Any

import pyarrow as pa

from ingestion.batch.faults import Extract, Refused, Unparsed
from ingestion.batch.readers.encoding import decode
from ingestion.batch.readers.header import check_names
from lakehouse.contracts import Source


def read(body: bytes, source: Source, name: str) -> Extract:
    """Rows (`_row_no` = record number, then text columns); what is no object is unparsed. Raises Refused."""
    document, notes = parse(body, source, name)
    return tabulate(_records(document, source.format.records, name), name, notes)


def parse(body: bytes, source: Source, name: str) -> tuple[Any, list[str]]:
    """The document, and remarks on its encoding. Raises Refused."""
    text, notes = decode(body, source.format.encoding, name)
    try:
        return json.loads(text), notes
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] in ("{", "[") and text.rstrip()[-1:] not in ("}", "]"):
            raise Refused(f"{name}: the document is not closed at its end: cut off on its way; send it whole.") from error
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(f"{name}: not JSON at {where} ({error.msg}); mend the file and send it again.") from error
    except RecursionError as error:
        raise Refused(f"{name}: nested too deeply to be a list of records; send records one level deep.") from error


def tabulate(found: list[Any], name: str, notes: list[str]) -> Extract:
    """A list of records as a table. Raises Refused when their names cannot be columns."""
    records = list(enumerate(found, 1))
    unparsed = [
        Unparsed(number, json.dumps(record, ensure_ascii=False), f"record {number} of {name} is not an object.")
        for number, record in records
        if not isinstance(record, dict)
    ]
    good = [(number, record) for number, record in records if isinstance(record, dict)]
    names = list(dict.fromkeys(key for _, record in good for key in record))
    check_names(names, name)
    columns = {key: pa.array([_text(record.get(key)) for _, record in good], pa.string()) for key in names}
    rows = pa.table({"_row_no": pa.array([number for number, _ in good], pa.int64()), **columns})
    return Extract(rows, unparsed, notes)


def _records(found: Any, key: str | None, name: str) -> list[Any]:
    records = found.get(key) if key and isinstance(found, dict) else found
    if not isinstance(records, list):
        place = f" under {key!r}" if key else " at the top"
        raise Refused(f"{name}: there is no list of records{place}; write the document as agreed.")
    return records


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
