"""The project's own contracts: valid ODCS, without findings, in step with the files made from them."""

import difflib
import json
from pathlib import Path

import jsonschema
import pytest

from lakehouse.contracts import contracts, generated
from lakehouse.contracts.lint import findings
from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.yaml_file import read

JUDGE = FOLDER.parents[1] / "shared" / "judges" / "odcs-json-schema-v3.1.0.json"
FILES = sorted(FOLDER.rglob("*.odcs.yaml"))


@pytest.fixture(scope="module")
def judge():
    if not JUDGE.exists():
        pytest.skip(f"{JUDGE} is not there")
    return jsonschema.Draft201909Validator(json.loads(JUDGE.read_text("utf-8")))


@pytest.mark.parametrize("file", FILES, ids=[f.name for f in FILES])
def test_every_raw_file_is_valid_odcs_for_the_standards_own_schema(judge, file: Path):
    body = json.loads(json.dumps(read(file), default=str))
    assert [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in judge.iter_errors(body)] == []


def test_lint_finds_nothing():
    assert findings() == []


def test_generated_files_are_those_of_the_contracts():
    wanted = {path.name: text for path, text in generated.expected().items()}
    found = {path.name: path.read_text("utf-8") for path in generated.TARGET.glob("*.schema.json")}
    names = sorted(wanted.keys() | found.keys())
    both_sides = [
        line
        for name in names
        for line in difflib.unified_diff(
            found.get(name, "").splitlines(),
            wanted.get(name, "").splitlines(),
            f"on disk/{name}",
            f"contract/{name}",
        )
    ]
    assert not both_sides, "run `lake contracts generate`:\n" + "\n".join(both_sides)


def test_the_generated_schema_takes_a_row_of_the_dataset_and_refuses_a_wrong_one():
    schema = json.loads((generated.TARGET / "environment__air_quality.schema.json").read_text("utf-8"))
    row = {
        "station_id": "prsa-dongsi", "pollutant_code": "pm25", "period": "hour",
        "observed_at": "2016-05-01T03:00:00Z", "value": 35.0, "unit_code": "ug/m3", "flag": "ok",
    }  # fmt: skip
    judge = jsonschema.Draft202012Validator(schema)
    assert list(judge.iter_errors(row)) == []
    assert list(judge.iter_errors(row | {"value": None})) == []
    for wrong in ({"value": "35"}, {"station_id": None}, {"colour": "red"}):
        assert len(list(judge.iter_errors(row | wrong))) == 1, wrong


def test_an_unknown_dataset_or_column_is_answered_with_those_that_exist():
    with pytest.raises(KeyError, match=r"No contract for nothing; there are .*environment__air_quality"):
        contracts()["nothing"]
    with pytest.raises(KeyError, match="environment__weather has no column colour; it has station_id, observed_at"):
        contracts()["environment__weather"].field("colour")
