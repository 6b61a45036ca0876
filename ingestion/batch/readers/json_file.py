"""A JSON document with a list of objects -> rows of text; values that are no text are kept as JSON."""

import json
from typing import Any

import pyarrow as pa

from ingestion.batch.faults import Refused, Unparsed
from ingestion.batch.readers.encoding import decode
from ingestion.batch.readers.header import check_names
from lakehouse.contracts.mapping import Format


def read(body: bytes, form: Format, name: str) -> tuple[pa.Table, list[Unparsed]]:
    """Rows (`_row_no` = record number, then text columns); what is no object is unparsed. Raises Refused."""
    records = list(enumerate(_records(body, form, name), 1))
    unparsed = [
        Unparsed(number, json.dumps(record, ensure_ascii=False), f"record {number} of {name} is not an object.")
        for number, record in records
        if not isinstance(record, dict)
    ]
    good = [(number, record) for number, record in records if isinstance(record, dict)]
    names = list(dict.fromkeys(key for _, record in good for key in record))
    check_names(names, name)
    columns = {key: pa.array([_text(record.get(key)) for _, record in good], pa.string()) for key in names}
    return pa.table({"_row_no": pa.array([number for number, _ in good], pa.int64()), **columns}), unparsed


def _records(body: bytes, form: Format, name: str) -> list[Any]:
    try:
        found = json.loads(decode(body, form.encoding, name))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(f"{name}: not JSON at {where} ({error.msg}); mend the file and send it again.") from error
    except RecursionError as error:
        raise Refused(f"{name}: nested too deeply to be a list of records; send records one level deep.") from error
    records = found.get(form.records) if form.records and isinstance(found, dict) else found
    if not isinstance(records, list):
        place = f" under {form.records!r}" if form.records else " at the top"
        raise Refused(f"{name}: there is no list of records{place}; write the document as agreed.")
    return records


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
