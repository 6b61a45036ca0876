"""The description of the verification service: each statement with its arguments and the purposes that may ask it."""

import jsonschema
import pytest

from portal import openapi

PATHS = "/api/v1/verification/"
LI = "990122198403160025"


@pytest.fixture
def paths(home) -> dict:
    return openapi.document([])["paths"]


def body_of(paths: dict, call: str) -> dict:
    return paths[PATHS + call]["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_all_calls_say_that_they_need_a_key_and_how_they_are_refused(paths) -> None:
    calls = [paths[PATHS + call]["post"] for call in ("verify", "compare", "lookup")]
    assert all(call["security"] == [{"key": []}] for call in calls)
    assert all(set(call["responses"]) == {"200", "401", "403", "422", "429", "503"} for call in calls)


def test_statements_name_the_purposes_of_the_rules(paths) -> None:
    asked = {form["title"]: form["properties"]["purpose"]["enum"] for form in body_of(paths, "verify")["oneOf"]}
    assert len(asked) == 9
    assert asked["alive_on"] == ["benefit_check", "household_registration"]
    assert asked["enrolled"] == ["benefit_check"] and asked["legal_representative"] == ["business_registration"]
    assert body_of(paths, "lookup")["properties"]["purpose"]["enum"] == ["household_registration"]
    assert body_of(paths, "compare")["properties"]["rows"]["maxItems"] == 10_000


@pytest.mark.parametrize(
    ("purpose", "statement", "arguments", "fits"),
    [
        ("benefit_check", "alive_on", {"citizen_no": LI, "date": "2014-12-31"}, True),
        ("benefit_check", "alive_on", {"citizen_no": LI}, False),
        ("benefit_check", "alive_on", {"citizen_no": "x", "date": "2014-12-31"}, False),
        ("school_admission", "alive_on", {"citizen_no": LI, "date": "2014-12-31"}, False),
        ("school_admission", "age_at_least", {"citizen_no": LI, "years": "18"}, True),
        ("school_admission", "age_at_least", {"citizen_no": LI, "years": 18}, False),
        ("school_admission", "resident_of_county", {"citizen_no": LI, "name": "李霞"}, False),
        ("business_registration", "legal_representative", {"uscc": "92990122812888359T", "citizen_no": LI}, True),
    ],
)
def test_a_call_fits_the_description_where_the_service_would_take_it(paths, purpose, statement, arguments, fits) -> None:
    call = {"purpose": purpose, "statement": statement, "arguments": arguments}
    assert jsonschema.Draft202012Validator(body_of(paths, "verify")).is_valid(call) is fits
