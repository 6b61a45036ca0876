"""Bronze rows of one source -> items: one row per measured value as it was sent, not yet resolved."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json as arrow_json

from lakehouse.contracts import Source
from lakehouse.words import chosen, constant, encoded, spread

_ITEM = pa.struct([(name, pa.string()) for name in ("code", "value", "unit", "flag", "reason")])
DOCUMENT = pa.schema(
    [
        ("device", pa.string()), ("period", pa.string()), ("resent", pa.bool_()), ("items", pa.list_(_ITEM)),
        ("meta", pa.struct([("refused_items", pa.list_(_ITEM))])),
    ]
)  # fmt: skip
"""What is read of an edge payload; the rest of it stays in bronze."""
LARGEST_DOCUMENT = 16 << 20  # bytes; landing refuses lines over 8 MB


@dataclass(frozen=True)
class Items:
    """Long rows before resolution, arrays of one length; `row` points back to the bronze row, texts are words."""

    row: pa.Array
    item_no: pa.Array
    code: pa.DictionaryArray
    text: pa.DictionaryArray
    unit: pa.DictionaryArray
    flag: pa.DictionaryArray
    refusal: pa.Array


@dataclass(frozen=True)
class Records:
    """What holds for a whole bronze row: averaging period, device as the source names it, declared revision."""

    period: pa.DictionaryArray
    device: pa.DictionaryArray
    revision: pa.Array


def columns_read(source: Source) -> list[str]:
    """Source columns that `read` uses; the others need not be loaded."""
    if source.shape == "items":
        return ["payload"]
    return [*filter(None, [source.station.column]), *source.measures, "_revision"]


def read(bronze: pa.Table, source: Source) -> tuple[Items, Records]:
    """Items and records of bronze rows, in the source's own words."""
    return _from_columns(bronze, source) if source.shape == "columns" else _from_payload(bronze, source)


def _from_columns(bronze: pa.Table, source: Source) -> tuple[Items, Records]:
    """Columns of a delivered table: one item per mapped column, in the mapping's order."""
    rows, codes = bronze.num_rows, list(source.measures)
    missing = pa.array(source.format.missing if source.format else [""])
    number = np.repeat(np.arange(len(codes), dtype=np.int32), rows)
    items = Items(
        row=pa.array(np.tile(np.arange(rows), len(codes))),
        item_no=pa.array(number),
        code=chosen(codes, pa.array(number)),
        text=encoded(pa.chunked_array([_present(bronze[code], missing) for code in codes])),
        unit=constant(None, rows * len(codes)),
        flag=constant(None, rows * len(codes)),
        refusal=pa.nulls(rows * len(codes), pa.string()),
    )
    period = constant(source.constants.get("period"), rows)
    device = encoded(bronze[source.station.column]) if source.station.column else constant(source.station.constant, rows)
    return items, Records(period, device, bronze["_revision"].combine_chunks())


def _present(texts: pa.ChunkedArray, missing: pa.Array) -> pa.DictionaryArray:
    """The trimmed texts; null where they are one of the source's words for missing."""
    column = encoded(texts)
    words = pc.utf8_trim_whitespace(column.dictionary)
    return spread(encoded(pc.if_else(pc.is_in(words, value_set=missing), None, words)), column.indices)


def _from_payload(bronze: pa.Table, source: Source) -> tuple[Items, Records]:
    """Items of an edge payload (one JSON document per row) as sent, then those that the collector could not take."""
    laid, records, first = [], [], 0
    for chunk in bronze["payload"].chunks:
        documents = read_documents(chunk)
        laid.append(_laid_out(documents, first, pa.array(source.ignore, pa.string())))
        records.append(documents.select(["period", "device", "resent"]))
        first += len(chunk)
    items = pa.concat_tables(laid).unify_dictionaries().combine_chunks()
    about = pa.concat_tables(records)
    resent = pc.fill_null(about["resent"].combine_chunks(), False).cast(pa.int64())
    columns = (items[name].combine_chunks() for name in ("row", "item_no", "code", "value", "unit", "flag", "reason"))
    return Items(*columns), Records(encoded(about["period"]), encoded(about["device"]), resent)


def _laid_out(documents: pa.Table, first: int, ignore: pa.Array) -> pa.Table:
    """One row per item of the documents, the first of which is bronze row `first`; texts as words."""
    sent = documents["items"].combine_chunks()
    refused = pc.struct_field(documents["meta"].combine_chunks(), "refused_items")
    before = pc.fill_null(pc.list_value_length(sent), 0).to_numpy()
    items = pa.concat_tables([_entries(sent, first, 0 * before), _entries(refused, first, before)])
    items = items.filter(pc.invert(pc.is_in(items["code"], value_set=ignore)))
    for at, name in enumerate(items.column_names):
        if name in ("code", "value", "unit", "flag"):
            items = items.set_column(at, name, encoded(items[name]))
    return items


def _entries(lists: pa.ListArray, first: int, before: np.ndarray) -> pa.Table:
    """One row per list entry: its fields, `row` of the list counted from `first`, `item_no` in it counted from `before`."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    row = np.repeat(np.arange(len(lengths)), lengths)
    number = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths - before, lengths)
    entries = pa.Table.from_struct_array(pc.list_flatten(lists))
    return entries.append_column("row", pa.array(first + row)).append_column("item_no", pa.array(number, pa.int32()))


def read_documents(payload: pa.Array) -> pa.Table:
    """JSON documents as a table (DOCUMENT); what is not as collectors write it is read one by one, numbers as text."""
    lines = pc.binary_join(pa.ListArray.from_arrays([0, len(payload)], payload), "\n")[0].as_buffer()
    how = arrow_json.ParseOptions(explicit_schema=DOCUMENT, unexpected_field_behavior="ignore")
    try:
        blocks = arrow_json.ReadOptions(use_threads=False, block_size=LARGEST_DOCUMENT)
        documents = arrow_json.read_json(pa.BufferReader(lines), blocks, how)
        if documents.num_rows == len(payload):
            return documents
    except pa.ArrowInvalid:
        pass
    return pa.Table.from_pylist([_as_text(json.loads(text)) for text in payload.to_pylist()], DOCUMENT)


def _as_text(document: dict) -> dict:
    """The document with its values as text."""
    meta = {"refused_items": (document.get("meta") or {}).get("refused_items")}
    for item in [*(document.get("items") or []), *(meta["refused_items"] or [])]:
        item["value"] = _text(item.get("value"))
    return document | {"meta": meta, "resent": bool(document.get("resent"))}


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(",", ":"))
