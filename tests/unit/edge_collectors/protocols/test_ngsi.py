"""NGSI messages: the models' own examples, envelopes of several entities, what cannot be read."""

import json

import pytest

from edge_collectors.protocols.ngsi import Refused, documents, idempotency_key
from tests.support.ngsi_entities import entity, one, read, refusal, sample, values

MADRID = [-3.712247222222222, 40.423852777777775]


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
    found = sample("AirQualityObserved/example-geojsonfeature.json")
    assert (found["observed_at"], found["period"]) == ("2016-03-15T11:00:00Z", "hour")
    assert found["meta"]["observed_until"] == "2016-03-15T12:00:00Z"
    assert (found["meta"]["zone"], found["meta"]["zone_assumed"]) == ("UTC", True)
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
    assert one(type="https://smartdatamodels.org/AirQualityObserved")["meta"]["entity_type"] == "AirQualityObserved"
    assert one(type=["Thing", "AirQualityObserved"])["meta"]["entity_type"] == "AirQualityObserved"


def test_text_with_a_byte_order_mark_and_chinese():
    payload = b"\xef\xbb\xbf" + json.dumps(entity(id="东四"), ensure_ascii=False).encode()
    assert documents(payload, None)[0]["device"] == "东四"


def test_the_idempotency_key_tells_repeats_from_new_observations():
    assert idempotency_key(one()) == idempotency_key(one(pm25=36)) == "a1,AirQualityObserved,2026-03-01T08:00:00+08:00"
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
