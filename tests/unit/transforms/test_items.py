"""Payload documents and delivered columns as items in the source's own words."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lakehouse.contracts import contracts
from lakehouse.words import chosen, combined, encoded, reworded
from tests.support.bronze_rows import delivered
from transforms.readings.items import read, read_documents

PRSA, HJ212 = (contracts().sources[f"environment__air_quality__{s}"] for s in ("prsa", "hj212"))


def item(code, value, **more):
    return {"code": code, "value": value, "unit": None, "flag": None} | more


def document(*items, **more):
    return json.dumps({"device": "D1", "period": "rtd", "resent": False, "items": list(items), "location": None} | more)


def rows(payloads: pa.ChunkedArray) -> list[tuple]:
    items, _ = read(pa.table({"payload": payloads}), HJ212)
    columns = (items.row, items.item_no, items.code, items.text)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


@pytest.mark.parametrize(
    ("value", "text"), [("35.20", "35.20"), (None, None), (12.5, "12.5"), (True, "true"), ([1, 2], "[1,2]"), ("值", "值")]
)
def test_a_value_stays_as_it_was_sent_and_what_is_no_text_becomes_json(value, text):
    documents = read_documents(pa.array([document(item("a34004", "1")), document(item("a34004", value))]))
    assert [i["value"] for items in documents["items"].to_pylist() for i in items] == ["1", text]


def test_documents_without_items_or_meta_are_read_both_ways():
    payloads = ['{"device":"D1","items":null}', '{"device":"D2","period":"hour","items":[],"meta":{"qn":"1"}}']
    quick = read_documents(pa.array(payloads))
    one_by_one = read_documents(pa.array([*payloads, document(item("a34004", 1))])).slice(0, 2)
    assert quick.select(["device", "period"]).to_pylist() == one_by_one.select(["device", "period"]).to_pylist()
    assert rows(pa.chunked_array([payloads])) == []


def test_items_are_numbered_within_their_document_the_refused_ones_last_and_the_ignored_ones_left_out():
    meta = {"refused_items": [item("a21026", "x", reason="no number")]}
    first = document(item("a34004", "1"), item("a01001", "20"), item("a34002", "2"), meta=meta)
    assert rows(pa.chunked_array([[first], [document(item("a34004", "3"))]])) == [
        (0, 0, "a34004", "1"), (0, 2, "a34002", "2"), (0, 3, "a21026", "x"), (1, 0, "a34004", "3"),
    ]  # fmt: skip


def test_delivered_texts_are_trimmed_and_the_words_for_missing_are_none():
    items, _ = read(delivered([{"at": datetime(2016, 5, 1, tzinfo=UTC), "PM2.5": " 35 ", "PM10": "NA"}]), PRSA)
    assert dict(zip(items.code.to_pylist(), items.text.to_pylist(), strict=True)) | {"SO2": None} == {
        "PM2.5": "35", "PM10": None, "SO2": None, "NO2": None, "CO": None, "O3": None,
    }  # fmt: skip


def test_words_are_told_apart_from_no_word():
    column = encoded(pa.chunked_array([["N", None], ["C", "N"]]))
    assert column.to_pylist() == ["N", None, "C", "N"]
    assert reworded(column, {"N": "ok"}).to_pylist() == ["ok", None, None, "ok"]
    assert chosen(["a", "b", "a", None], pa.array([0, 2, 1, 3, None])).to_pylist() == ["a", "a", "b", None, None]


def test_combinations_of_words_are_found_once_each():
    code, unit = encoded(pa.array(["x", "y", "x", "x"])), encoded(pa.array([None, "mg", None, "mg"]))
    pairs, which = combined(code, unit)
    assert [pairs[at] for at in which.to_pylist()] == [("x", None), ("y", "mg"), ("x", None), ("x", "mg")]
    assert len(pairs) == 3
