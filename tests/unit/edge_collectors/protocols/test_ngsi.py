"""NGSI observations in every form in which they are sent."""

import json
from pathlib import Path

import pytest

from edge_collectors.protocols.ngsi import Refused, documents, idempotency_key

SAMPLES = Path(__file__).parents[4] / "samples" / "ngsi"
MADRID = [-3.712247222222222, 40.423852777777775]


def sample(path: str, **options) -> dict:
    (found,) = documents((SAMPLES / path).read_bytes(), None, **options)
    return found


def entity(**members) -> dict:
    return {
        "id": "a1",
        "type": "AirQualityObserved",
        "dateObserved": "2026-03-01T08:00:00+08:00",
        "pm25": 35,
    } | members


def read(content, content_type=None, **options) -> list[dict]:
    return documents(json.dumps(content, ensure_ascii=False).encode(), content_type, **options)


def one(**members) -> dict:
    return read(entity(**members))[0]


def values(document: dict) -> dict[str, str]:
    return {item["code"]: item["value"] for item in document["items"]}


def refusal(content, content_type=None) -> Refused:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(Refused) as caught:
        documents(payload, content_type)
    assert caught.value.reason.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("path", "protocol", "form", "values_count"),
    [
        ("AirQualityObserved/example.json", "ngsi-v2", "key-values", 16),
        ("AirQualityObserved/example-normalized.json", "ngsi-v2", "normalized", 15),
        ("AirQualityObserved/example.jsonld", "ngsi-ld", "key-values", 11),
        ("AirQualityObserved/example-normalized.jsonld", "ngsi-ld", "normalized", 16),
        ("AirQualityObserved/example-geojsonfeature.json", "ngsi-ld", "feature", 11),
        ("WeatherObserved/example.json", "ngsi-v2", "key-values", 11),
        ("WeatherObserved/example-normalized.json", "ngsi-v2", "normalized", 11),
        ("WeatherObserved/example.jsonld", "ngsi-ld", "key-values", 11),
        ("WeatherObserved/example-normalized.jsonld", "ngsi-ld", "normalized", 11),
    ],
)
def test_the_examples_of_the_models(path, protocol, form, values_count):
    found = sample(path)
    assert (found["protocol"], found["meta"]["form"], len(found["items"])) == (protocol, form, values_count)
    assert found["meta"]["entity_type"] == path.partition("/")[0]
    assert found["resent"] is False
    json.dumps(found)


def test_a_feature_with_upper_case_codes_units_and_an_interval_without_zone():
    found = sample("AirQualityObserved/example-geojsonfeature.json", zone="Europe/Madrid")
    assert (found["observed_at"], found["period"]) == ("2016-03-15T10:00:00Z", "hour")
    assert found["meta"]["observed_until"] == "2016-03-15T11:00:00Z"
    assert (found["meta"]["zone"], found["meta"]["zone_assumed"]) == ("Europe/Madrid", True)
    assert found["items"][0] == {"code": "CO", "value": "500", "unit": "GP", "flag": None}
    units = {item["code"]: item["unit"] for item in found["items"] if item["unit"]}
    assert units == {"CO": "GP", "NO": "GQ", "SO2": "GQ", "NOx": "GQ", "NO2": "GQ"}
    assert found["location"] == MADRID
    assert found["device"] == sample("AirQualityObserved/example.json")["device"] == "28079004-Pza.deEspanya"
    assert found["meta"]["reliability"] == "0.7"
    assert found["meta"]["texts"]["CO_Level"] == "moderate"


def test_a_boolean_is_held_back_with_its_reason_and_the_rest_is_taken():
    found = sample("AirQualityObserved/example-normalized.json")
    assert "precipitation" not in values(found) and values(found)["no2"] == "69"
    (held,) = found["meta"]["refused_items"]
    assert (held["code"], held["value"]) == ("precipitation", "false")
    assert "is the boolean false and not a number" in held["reason"]


def test_a_time_with_zone_assumes_nothing():
    found = sample("WeatherObserved/example.json", zone="Asia/Shanghai")
    assert (found["observed_at"], found["period"]) == ("2016-11-30T07:00:00Z", "rtd")
    assert (found["meta"]["zone"], found["meta"]["zone_assumed"]) == (None, False)
    assert (found["device"], found["meta"]["device_from"]) == ("device-0A3478", "refDevice")


def test_a_time_without_zone_is_utc_unless_said_otherwise():
    assert sample("AirQualityObserved/example.json")["observed_at"] == "2016-03-15T11:00:00Z"
    assert (
        sample("AirQualityObserved/example.json", zone="Asia/Shanghai")["observed_at"]
        == "2016-03-15T03:00:00Z"
    )


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
    "wrap",
    [
        lambda entities: entities,
        lambda entities: {"id": "n1", "type": "Notification", "subscriptionId": "s1", "data": entities},
        lambda entities: {"subscriptionId": "s1", "data": entities},
        lambda entities: {"actionType": "append", "entities": entities},
    ],
)
def test_envelopes_of_several_entities(wrap):
    found = read(wrap([entity(id="a1"), entity(id="a2", pm25=36)]))
    assert [(d["device"], values(d)) for d in found] == [("a1", {"pm25": "35"}), ("a2", {"pm25": "36"})]


def test_a_feature_collection():
    feature = {
        "id": "a1",
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [116.4, 39.9]},
        "properties": {"type": "AirQualityObserved", "dateObserved": "2026-03-01T08:00:00Z", "PM2.5": 35},
    }
    (found,) = read({"type": "FeatureCollection", "features": [feature]}, "application/geo+json")
    assert (found["location"], values(found)) == ([116.4, 39.9], {"PM2.5": "35"})


def test_one_bad_entity_of_a_batch_is_kept_and_the_others_are_read():
    good, bad, other = read([entity(), {"id": "a2", "type": "AirQualityObserved"}, entity(id="a3")])
    assert (good["device"], other["device"]) == ("a1", "a3")
    assert (bad["items"], bad["observed_at"], bad["meta"]["refused_code"]) == ([], None, "time")
    assert json.loads(bad["meta"]["entity"]) == {"id": "a2", "type": "AirQualityObserved"}
    assert "neither dateObserved" in bad["meta"]["refused"]


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


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"[1]", "entity"),
        (b"5", "entity"),
        (b"[]", "empty"),
        (b'{"pm25": NaN}', "json"),
        (b'{"id": 1, "id": 2}', "json"),
        (b"\xff\xfe{}", "encoding"),
        (b'{"id": "\\ud800"}', "encoding"),
        (b"[" * 100_000, "json"),
        (b" " * (4 * 1024 * 1024 + 1), "size"),
        ({"type": "AirQualityObserved"}, "entity"),
        ({"id": "a1"}, "entity_type"),
        ({"id": "a1", "type": "Device"}, "entity_type"),
        (entity(pm25="moderate") | {"pm25Level": "bad"}, None),
        ({"id": "a1", "type": "AirQualityObserved", "dateObserved": "2026-03-01T08:00:00Z"}, "empty"),
    ],
)
def test_what_cannot_be_read_is_refused(content, code):
    if code is None:
        assert read(content)[0]["items"] == []
        return
    assert refusal(content).code == code


def test_content_types():
    assert read(entity(), "application/json; charset=utf-8")[0]["protocol"] == "ngsi-v2"
    assert read(entity(), "application/ld+json")[0]["protocol"] == "ngsi-ld"
    assert refusal(entity(), "text/csv").code == "content_type"


def test_a_type_written_as_an_address_or_in_a_list():
    assert (
        one(type="https://smartdatamodels.org/AirQualityObserved")["meta"]["entity_type"]
        == "AirQualityObserved"
    )
    assert one(type=["Thing", "AirQualityObserved"])["meta"]["entity_type"] == "AirQualityObserved"


def test_text_with_a_byte_order_mark_and_chinese():
    payload = b"\xef\xbb\xbf" + json.dumps(entity(id="东四"), ensure_ascii=False).encode()
    assert documents(payload, None)[0]["device"] == "东四"


def test_the_idempotency_key_tells_repeats_from_new_observations():
    assert (
        idempotency_key(one())
        == idempotency_key(one(pm25=36))
        == "a1,AirQualityObserved,2026-03-01T08:00:00+08:00"
    )
    assert idempotency_key(one()) != idempotency_key(one(dateObserved="2026-03-01T09:00:00+08:00"))


def test_every_example_of_the_two_models_and_no_other_is_read(reference_data):
    read_types = set()
    for path in sorted((reference_data / "ngsi_examples").glob("*/*/*.json*")):
        try:
            read_types.update(d["meta"]["entity_type"] for d in documents(path.read_bytes(), None))
        except Refused as refused:
            assert refused.code == "entity_type"
            assert path.parent.name not in ("AirQualityObserved", "WeatherObserved")
    assert read_types == {"AirQualityObserved", "WeatherObserved"}
