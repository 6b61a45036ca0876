"""Values, units, places and devices of NGSI observations, wherever they are written."""

import json

import pytest

from edge_collectors.protocols.ngsi import documents
from tests.support.ngsi_entities import entity, one, values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("35", "35"),
        ("35.20", "35.20"),
        ("1e3", "1e3"),
        ("-0.0", "-0.0"),
        ('"35.20"', "35.20"),
        ("null", None),
    ],
)
def test_values_stay_as_sent(text, value):
    payload = json.dumps(entity(pm25="@")).replace('"@"', text).encode()
    assert values(documents(payload, None)[0]) == {"pm25": value}


@pytest.mark.parametrize("text", ["true", '"NA"', '"35,2"', '""', "[1, 2]", '{"v": 1}', '"' + "9" * 65 + '"'])
def test_what_is_no_number_is_held_back(text):
    payload = json.dumps(entity(pm25="@", pm10=60)).replace('"@"', text).encode()
    (found,) = documents(payload, None)
    assert values(found) == {"pm10": "60"}
    assert [held["code"] for held in found["meta"]["refused_items"]] == ["pm25"]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Number", "value": 35, "metadata": {"unitCode": {"value": "GQ"}}},
        {"type": "Number", "value": 35, "metadata": {"unitCode": {"type": "Text", "value": "GQ"}}},
        {"type": "Number", "value": 35, "metadata": {"unit": "GQ"}},
        {"type": "Property", "value": 35, "unitCode": "GQ"},
        {"value": 35, "unitCode": "GQ"},
        [{"type": "Property", "value": 35, "unitCode": "GQ", "datasetId": "urn:ngsi-ld:Dataset:1"}],
    ],
)
def test_units_wherever_they_are_written(value):
    assert one(pm25=value)["items"] == [{"code": "pm25", "value": "35", "unit": "GQ", "flag": None}]


@pytest.mark.parametrize(
    ("location", "point"),
    [
        ({"type": "Point", "coordinates": [116.4, 39.9]}, [116.4, 39.9]),
        ({"type": "Point", "coordinates": [116.4, 39.9, 44]}, [116.4, 39.9]),
        ({"type": "geo:json", "value": {"type": "Point", "coordinates": [116.4, 39.9]}}, [116.4, 39.9]),
        ({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [116.4, 39.9]}}, [116.4, 39.9]),
        ({"type": "geo:point", "value": "39.9,116.4"}, [116.4, 39.9]),
        (None, None),
    ],
)
def test_locations(location, point):
    found = one(location=location)
    assert (found["location"], found["meta"]["refused_location"]) == (point, None)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ({"type": "Point", "coordinates": [39.9, 116.4]}, "outside the globe"),
        ({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "no point"),
        ({"type": "Point", "coordinates": [1]}, "no point"),
        ({"type": "Point", "coordinates": [True, 2]}, "no point"),
        ({"type": "Point", "coordinates": ["NaN", 2]}, "outside the globe"),
        ("somewhere", "no point"),
        (5, "no point"),
    ],
)
def test_a_location_that_is_none_is_said_and_the_values_are_taken(location, words):
    found = one(location=location)
    assert found["location"] is None and words in found["meta"]["refused_location"]
    assert values(found) == {"pm25": "35"}


@pytest.mark.parametrize(
    ("members", "device", "device_from"),
    [
        ({"refDevice": "d1", "refPointOfInterest": "p1"}, "d1", "refDevice"),
        ({"refDevice": {"type": "Relationship", "object": "urn:d1"}}, "urn:d1", "refDevice"),
        ({"refDevice": "urn:ngsi-ld:Device:d1:a"}, "d1:a", "refDevice"),
        ({"id": "urn:ngsi-ld:AirQualityObserved:a1"}, "a1", "id"),
        ({"refDevice": {"type": "Relationship", "object": ["urn:d1"]}}, "urn:d1", "refDevice"),
        ({"refDevice": ["d1", "d2"], "refPointOfInterest": "p1"}, "p1", "refPointOfInterest"),
        ({}, "a1", "id"),
    ],
)
def test_the_device(members, device, device_from):
    found = one(**members)
    assert (found["device"], found["meta"]["device_from"]) == (device, device_from)
