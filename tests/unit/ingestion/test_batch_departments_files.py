"""Every file of a sample city with its defects reads by the mappings: the values written, under the row numbers of the truth."""

import json
from collections import Counter
from pathlib import Path

import pytest

from ingestion.batch import raw_file
from ingestion.batch.extract import extract
from ingestion.batch.faults import Extract, NoRows, Refused
from lakehouse.contracts import contracts
from tests.support.sample_city import build, notes, records, truth


@pytest.fixture(scope="module", params=["default", "heavy"])
def city(request, tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp(request.param), defects=request.param)


def read(note: dict) -> Extract | str:
    """What the platform makes of a file; `empty` and `refused` where it is one of these."""
    mapping = contracts().sources[f"{note['dataset']}__{note['source']}"]
    try:
        return extract(raw_file.content(note["path"]), mapping, note["file"])
    except NoRows:
        return "empty"
    except Refused as reason:
        assert "_NEW looks like" in str(reason)
        return "refused"


def test_every_file_reads_as_written_with_the_rows_counted_as_in_the_truth(city):
    drift = {d["file"]: d["field"] for d in truth(city, "defects") if d["defect_id"] == "D18"}
    numbers: dict[str, set[int]] = {}
    for entity in truth(city, "record_entity"):
        numbers.setdefault(entity["file"], set()).add(entity["row_no"])
    ends, formats = Counter(), set()
    for note in notes(city):
        found, sent = read(note), records(note)
        ends[found if isinstance(found, str) else "read"] += 1
        assert (found == "empty") == (note["rows"] == 0 and drift.get(note["file"]) != "column_renamed") or found == "refused"
        assert (found == "refused") <= (drift.get(note["file"]) == "column_renamed")
        if isinstance(found, Extract):
            rows = {row.pop("_row_no"): row for row in found.rows.to_pylist()}
            assert found.unparsed == [] and set(rows) == numbers[note["file"]] == set(sent)
            assert {n: written(row.values()) for n, row in rows.items()} == {n: written(row) for n, row in sent.items()}
            if note["file"] not in drift and note["agreed"]["format"] != "geojson":
                agreed = list(note["agreed"]["columns"].values())
                assert [plain(row[name]) for row in rows.values() for name in agreed] == [
                    plain(value) for row in sent.values() for value in row[: len(agreed)]
                ]
            formats.add(note["agreed"]["format"])
    assert ends["read"] > 30 and len(formats) == 8


def written(values) -> list[str]:
    """The values that are there, in an order that does not depend on that of the columns."""
    return sorted(filter(None, map(plain, values)))


def plain(value) -> str:
    return value or "" if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)
