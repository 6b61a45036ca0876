"""The JSON API over a lake made by hand: rows, filters, limits, and its own description of itself."""

import json

import pytest
from fastapi.testclient import TestClient

from portal.app import create_app

DAILY = "/api/v1/agg_air_quality_daily"
FILE = "/releases/environment/2017.03-r1/agg_air_quality_daily.csv"


def test_rows_by_the_api_with_filters_order_and_pages(portal):
    answer = portal.get(
        DAILY, params={"pm25_ugm3.gte": 30, "sort": "-pm25_ugm3", "columns": "station_id,date_local,pm25_ugm3", "limit": 2}
    )
    body = answer.json()
    assert body["rows"] == [
        {"station_id": "prsa-dongsi", "date_local": "2017-02-28", "pm25_ugm3": 110.0},
        {"station_id": "prsa-shunyi", "date_local": "2017-02-28", "pm25_ugm3": 80.25},
    ]
    assert (body["matched"], body["returned"], body["release"], body["origins"]) == (3, 2, "2017.03-r1", ["public_reference"])
    assert f'<{body["links"]["next"]}>; rel="next"' in answer.headers["link"]
    rest = portal.get(body["links"]["next"]).json()
    assert [row["pm25_ugm3"] for row in rest["rows"]] == [35.5]
    assert set(rest["links"]) == {"prev"}


def test_csv_of_the_api_has_the_form_of_the_released_file(portal):
    whole = portal.get(DAILY, params={"format": "csv"})
    assert whole.content == portal.get(FILE).content
    assert whole.headers["content-disposition"] == 'attachment; filename="agg_air_quality_daily.csv"'
    assert whole.headers["content-type"] == "text/csv; charset=utf-8"


def test_only_rows_in_force_and_open_columns_are_there(portal):
    body = portal.get(DAILY).json()
    assert {row["rule_version"] for row in body["rows"]} == {"HJ 633-2012"}
    assert portal.get(DAILY, params={"rule_version": "HJ 633-2026"}).json()["matched"] == 0
    assert "held_by" not in json.dumps(body)
    assert "desk 4" not in portal.get("/datasets/agg_air_quality_daily/rows").text


@pytest.mark.parametrize(
    "address", [f"{DAILY}?held_by=x", f"{DAILY}?columns=held_by", f"{DAILY}?sort=held_by", f"{DAILY}?lang=en", f"{DAILY}?limit=0"]
)
def test_a_wrong_parameter_is_answered_with_400_and_a_sentence(portal, address):
    answer = portal.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith((".", "?"))


def test_calls_beyond_the_limit_wait(lake):
    client = TestClient(create_app(calls_per_minute=2), headers={"Accept-Language": "en"})
    first, second, third = (client.get(DAILY) for _ in range(3))
    assert [first.headers["ratelimit-remaining"], second.headers["ratelimit-remaining"]] == ["1", "0"]
    assert third.status_code == 429
    assert 0 < int(third.headers["retry-after"]) <= 60
    assert "download the whole file" in third.json()["detail"]
    assert client.get("/").status_code == 200  # pages are not counted


def test_other_sites_may_read_the_api_but_not_write_the_form(portal):
    assert portal.get(DAILY, headers={"origin": "https://app.example.org"}).headers["access-control-allow-origin"] == "*"
    preflight = portal.options(DAILY, headers={"origin": "https://app.example.org", "access-control-request-method": "DELETE"})
    assert preflight.status_code == 400
    forged = portal.post("/report", data={"text": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403


def test_the_description_has_no_outside_references(portal):
    text = portal.get("/openapi.json").text
    body = json.loads(text)
    assert "$ref" in text
    assert not [
        line
        for line in text.split('"')
        if line.startswith(("http:", "https:")) or (line.endswith(".json") and not line.startswith("/"))
    ]
    names = {p["name"] for p in body["paths"][DAILY]["get"]["parameters"]}
    assert {"station_id", "pm25_ugm3.gte", "date_local.lt", "aqi.null", "limit"} <= names
    assert not any("held_by" in name for name in names)


@pytest.mark.slow
def test_the_api_keeps_to_its_own_description(lake):
    """Generated calls, right and wrong ones: never a 5xx, answers of the promised form, wrong parameters refused."""
    import schemathesis
    from hypothesis import HealthCheck, given
    from hypothesis import settings as effort
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(calls_per_minute=1_000_000))
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = list(GenerationMode) if operation.query else [GenerationMode.POSITIVE]
        for mode in modes:

            @effort(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case):
                case.call_and_validate()

            check()
