"""What a contract file says becomes fields, keys and rules; shared fields fill what a column leaves out."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from lakehouse.contracts.derive import arrow_schema, dictionary, json_schema, labels
from lakehouse.contracts.load import load_dataset

SOUND = Path(__file__).parents[1] / "data" / "contracts" / "sound.odcs.yaml"
SHARED = {
    "temperature": {
        "logicalType": "number",
        "description": "Air temperature.",
        "logicalTypeOptions": {"minimum": -60, "maximum": 60},
        "customProperties": {"nameEn": "Air temperature", "nameZh": "气温", "unit": "Cel"},
        "quality": [
            {"name": "not_zero_kelvin", "type": "custom", "engine": "row", "implementation": "t > -273",
             "severity": "warning", "description": "No body is that cold."},
        ],
    }
}  # fmt: skip


@pytest.fixture
def dataset(tmp_path):
    """The sound contract with further columns and changes of the whole file."""

    def load(*columns: dict, **changes):
        body = yaml.safe_load(SOUND.read_text("utf-8")) | changes
        body["schema"][0]["properties"] += columns
        file = tmp_path / "test.odcs.yaml"
        file.write_text(yaml.safe_dump(body), "utf-8")
        return load_dataset(file, SHARED)

    return load


def custom(**properties):
    return [{"property": name, "value": value} for name, value in properties.items()]


def test_a_column_takes_from_the_shared_field_what_it_does_not_say_itself(dataset):
    column = {
        "name": "t",
        "description": "At noon.",
        "customProperties": custom(inherits="temperature", nameEn="Noon"),
    }
    found = dataset(column)
    field = found.field("t")
    assert (field.logical_type, field.unit, field.name_zh) == ("number", "Cel", "气温")
    assert (field.name_en, field.description) == ("Noon", "At noon.")
    rules = {r.name: (r.predicate, r.severity, r.field, r.description) for r in found.rules if r.field == "t"}
    assert rules == {
        "t_in_range": (
            "t is null or (t >= -60 and t <= 60)",
            "error",
            "t",
            "Noon must be at least -60 and at most 60 Cel.",
        ),
        "not_zero_kelvin": ("t > -273", "warning", "t", "No body is that cold."),
    }


@pytest.mark.parametrize(
    ("options", "predicate", "words"),
    [
        ({"minimum": 0}, "n is null or (n >= 0)", "n must be at least 0."),
        ({"maximum": 7}, "n is null or (n <= 7)", "n must be at most 7."),
    ],
)
def test_a_bound_on_one_side_is_said_as_such(dataset, options, predicate, words):
    rules = dataset({"name": "n", "logicalType": "integer", "logicalTypeOptions": options}).rules
    assert [(r.predicate, r.description) for r in rules if r.field == "n"] == [(predicate, words)]


def test_library_rules_become_row_rules_or_aggregates(dataset):
    flag = {
        "name": "flag", "logicalType": "string",
        "quality": [{"name": "flag_known", "type": "library", "metric": "invalidValues", "mustBe": 0,
                     "severity": "error", "arguments": {"validValues": ["ok", "missing"]}}],
    }  # fmt: skip
    count = {
        "name": "enough",
        "type": "library",
        "metric": "rowCount",
        "mustBeGreaterThan": 0,
        "severity": "error",
    }
    body = yaml.safe_load(SOUND.read_text("utf-8"))["schema"]
    body[0]["quality"] = [count]
    rules = {r.name: (r.kind, r.predicate, r.arguments) for r in dataset(flag, schema=body).rules}
    assert rules["flag_known"][:2] == ("row", "flag is null or flag in ('ok', 'missing')")
    assert rules["enough"] == ("aggregate", "rowCount", {"mustBeGreaterThan": 0})
    assert rules["station_id_required"][:2] == ("row", "station_id is not null")


def test_the_key_is_in_the_order_of_its_positions(dataset):
    key = [{"name": n, "logicalType": "string", "primaryKey": True, "primaryKeyPosition": p} for n, p in (("b", 2), ("a", 1))]
    assert dataset(*key).primary_key == ("station_id", "a", "b")


def test_a_team_may_be_written_as_the_older_list(dataset):
    assert dataset(team=[{"username": "MET", "role": "owner"}]).owner == "MET"


def test_silver_has_the_envelope_and_the_partition_and_gold_has_not(dataset):
    own = ["station_id", "level_m"]
    envelope = [
        "_warnings",
        "_record_id",
        "_item_no",
        "_source_code",
        "_data_origin",
        "_received_at",
        "_available_at",
    ]
    assert arrow_schema(dataset()).names == own + envelope
    assert arrow_schema(dataset(customProperties=custom(partition="_event_date"))).names[-1] == "_event_date"
    gold = dataset(customProperties=custom(layer="gold"))
    assert arrow_schema(gold).names == own and gold.table == "gold.test__levels"


def test_labels_carry_the_unit_and_the_dictionary_the_rules(dataset):
    found = dataset({"name": "t", "customProperties": custom(inherits="temperature")})
    assert labels(found, "en")["t"] == "Air temperature (Cel)" and labels(found, "zh")["t"] == "气温 (Cel)"
    row = next(r for r in dictionary(found) if r["column"] == "t")
    assert row["rules"] == "Air temperature must be at least -60 and at most 60 Cel.; No body is that cold."
    assert (row["required"], row["key"], row["type"], row["unit"]) == ("no", "no", "number", "Cel")
    with pytest.raises(ValueError, match="Language 'de' is not offered; use zh or en"):
        labels(found, "de")


def test_json_schema_refuses_unknown_columns_and_writes_dates_as_text(dataset):
    day = {
        "name": "day",
        "logicalType": "date",
        "required": True,
        "examples": [date(2016, 5, 1)],
        "description": "Day.",
    }
    schema = json_schema(dataset(day))
    assert schema["additionalProperties"] is False and schema["required"] == ["station_id", "day"]
    assert schema["properties"]["day"] == {
        "type": "string", "description": "Day.", "format": "date", "examples": ["2016-05-01"],
    }  # fmt: skip
    assert schema["properties"]["level_m"]["type"] == ["number", "null"]
