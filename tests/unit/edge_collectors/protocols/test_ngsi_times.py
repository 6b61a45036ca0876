"""When an NGSI observation was made: instants, intervals, zones, and times that are none."""

import pytest

from tests.support.ngsi_entities import entity, one, read, refusal, sample


def test_a_time_with_zone_assumes_nothing():
    found = sample("WeatherObserved/example.json")
    assert (found["observed_at"], found["period"]) == ("2016-11-30T07:00:00Z", "rtd")
    assert (found["meta"]["zone"], found["meta"]["zone_assumed"]) == (None, False)
    assert (found["device"], found["meta"]["device_from"]) == ("device-0A3478", "refDevice")


def test_a_time_without_zone_is_utc():
    assert sample("AirQualityObserved/example.json")["observed_at"] == "2016-03-15T11:00:00Z"


@pytest.mark.parametrize(
    ("sent", "observed_at", "period"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z", "rtd"),
        ("2026-03-01T08:00:00.250Z", "2026-03-01T08:00:00.250Z", "rtd"),
        ("2026-03-01T08:00Z", "2026-03-01T08:00:00Z", "rtd"),
        ("2026-03-01T08:00:00Z/2026-03-01T09:00:00Z", "2026-03-01T08:00:00Z", "hour"),
        ("2026-03-01T08:00:00Z/2026-03-01T08:59:59Z", "2026-03-01T08:00:00Z", "hour"),
        ("2026-03-01T08:00:00+08:00/2026-03-01T09:00:00", "2026-03-01T00:00:00Z", "hour"),
        ("2026-03-01T08:00:00Z/2026-03-01T08:05:00Z", "2026-03-01T08:00:00Z", "minute"),
        ("2026-03-01T00:00:00+08:00/2026-03-02T00:00:00+08:00", "2026-02-28T16:00:00Z", "day"),
        ("2026-03-01T00:00:00Z/2026-03-08T00:00:00Z", "2026-03-01T00:00:00Z", "unknown"),
        ("2026-03-01T00:00:00Z/2026-03-01T00:00:05Z", "2026-03-01T00:00:00Z", "unknown"),
    ],
)
def test_instants_and_intervals(sent, observed_at, period):
    found = one(dateObserved=sent)
    assert (found["observed_at"], found["period"]) == (observed_at, period)
    assert found["meta"]["date_observed"] == sent


@pytest.mark.parametrize(
    "sent",
    [
        *(
            "2026-03-01",
            "yesterday",
            "2026-02-30T08:00:00Z",
            "2026-03-01 08:00:00",
            "2026-03-01T25:00:00Z",
            "",
        ),
        *("2026-03-01T09:00:00Z/2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z/PT1H", 1772323200, None, "/"),
        *("2026-03-01T08:00:00Z/2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z/", {"@value": 5}),
    ],
)
def test_times_that_are_none(sent):
    assert refusal(entity(dateObserved=sent)).code == "time"


def test_from_and_to_and_the_time_of_the_values_themselves():
    members = entity(dateObservedFrom="2026-03-01T08:00:00Z", dateObservedTo="2026-03-01T09:00:00Z")
    del members["dateObserved"]
    assert read(members)[0]["period"] == "hour"
    value = {"type": "Property", "value": 35, "unitCode": "GQ", "observedAt": "2026-03-01T08:00:00Z"}
    (found,) = read({"id": "urn:ngsi-ld:AirQualityObserved:a1", "type": "AirQualityObserved", "pm25": value})
    assert (found["observed_at"], found["period"], found["protocol"]) == (
        "2026-03-01T08:00:00Z",
        "rtd",
        "ngsi-ld",
    )
    assert found["items"][0]["attribute_observed_at"] == "2026-03-01T08:00:00Z"
    assert refusal({"id": "a1", "type": "AirQualityObserved", "pm25": 35}).code == "time"
