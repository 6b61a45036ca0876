"""What the gate lets out, and the sentence it gives for what it does not."""

from dataclasses import replace

import pytest

from publishing.disclosure_control import (
    Refused,
    check_origins,
    combined_licence,
    open_columns,
    open_datasets,
    open_rows,
)
from tests.support.open_data import daily, dataset, field, hourly


def test_only_listed_columns_leave():
    assert [f.name for f in open_columns(daily())] == [
        "station_id", "date_local", "rule_version", "is_in_force", "pm25_ugm3", "aqi", "primary_pollutants",
        "is_provisional", "data_origin",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (replace(hourly(), publish=()), "has no `publish` list"),
        (replace(hourly(), publish=("station_id", "hour_at", "valeu")), "lists valeu"),
        (replace(hourly(), publish=("station_id", "value")), "key column hour_at is not in `publish`"),
        (
            dataset("t", [field("id", key=True), field("x", classification="internal")]),
            "column x is classified internal",
        ),
        (
            dataset("t", [field("id", key=True), field("x", classification="restricted")]),
            "column x is classified restricted",
        ),
        (dataset("t", [field("id", key=True, identifier_kind="direct")]), "column id is a direct identifier"),
        (
            dataset("t", [field("id", key=True), field("age", identifier_kind="quasi")]),
            "column age is a quasi identifier",
        ),
    ],
)
def test_a_contract_that_would_let_too_much_out_is_refused(broken, said):
    with pytest.raises(Refused, match=broken.id) as refusal:
        open_columns(broken)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_datasets_without_list_or_outside_gold_are_not_offered():
    silver = replace(hourly(), layer="silver")
    assert open_datasets([daily(), replace(hourly(), publish=()), silver], "environment") == [daily()]
    assert open_datasets([daily()], "population") == []


def test_only_the_rule_version_in_force_leaves():
    assert open_rows(daily()) == "is_in_force"
    assert open_rows(hourly()) is None


def test_made_up_rows_leave_only_as_samples():
    assert check_origins(hourly(), ["public_reference", "test_vector"], "sample") == (
        "public_reference",
        "test_vector",
    )
    with pytest.raises(Refused, match=r"fct_air_quality_hourly: holds rows of origin test_vector"):
        check_origins(hourly(), ["public_reference", "test_vector"], "production")
    with pytest.raises(Refused, match="origin synthetic"):
        check_origins(replace(hourly(), origin="synthetic"), [], "production")
    assert check_origins(hourly(), ["operational"], "production") == ("operational",)


@pytest.mark.parametrize(
    ("inputs", "result"),
    [
        ({"a": "CC-BY-4.0"}, "CC-BY-4.0"),
        ({"a": "CC0-1.0"}, "CC0-1.0"),
        ({"a": "CC0-1.0", "b": "CC-BY-4.0"}, "CC-BY-4.0"),  # the one that asks for more
        (
            {"a": "CC-BY-4.0", "b": "CC-BY-SA-4.0"},
            "CC-BY-SA-4.0",
        ),  # BY-SA 4.0 section 3(b): adapted material stays BY-SA
        ({"a": "MIT", "b": "CC-BY-4.0"}, "CC-BY-4.0"),
        ({"a": "ODbL-1.0", "b": "CC0-1.0"}, "ODbL-1.0"),  # ODbL 4.4: derivative databases stay ODbL
    ],
)
def test_the_licence_follows_the_inputs(inputs, result):
    assert combined_licence("t", inputs).id == result


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"a": "ODbL-1.0", "b": "CC-BY-SA-4.0"},
            "no licence suits this mix of inputs: a (ODbL-1.0), b (CC-BY-SA-4.0)",
        ),
        (
            {"a": "CC-BY-4.0", "b": "CC-BY-NC-SA-4.0"},
            "input b is under CC-BY-NC-SA-4.0, which allows no open release",
        ),
        ({"a": "CC-BY-4.0", "b": None}, "input b states no licence"),
        ({"a": "Homemade"}, "which contracts/_shared/licences.yaml does not know"),
        ({}, "no input of it has landed"),
    ],
)
def test_a_mix_that_no_licence_allows_is_refused(inputs, said):
    with pytest.raises(Refused) as refusal:
        combined_licence("t", inputs)
    assert said in str(refusal.value)


def test_a_contract_may_ask_for_a_licence_that_the_inputs_allow():
    assert combined_licence("t", {"a": "CC0-1.0"}, wanted="CC-BY-4.0").id == "CC-BY-4.0"
    with pytest.raises(Refused, match=r"CC0-1\.0, which its contract asks for, does not suit"):
        combined_licence("t", {"a": "CC-BY-4.0"}, wanted="CC0-1.0")
