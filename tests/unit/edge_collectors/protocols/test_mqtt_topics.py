"""Topics and confirmations between publishers and collector."""

import pytest

from edge_collectors.protocols import mqtt_topics
from edge_collectors.protocols.mqtt_topics import Address
from edge_collectors.protocols.refused import Refused


def test_mqtt_5_carries_the_message_id_beside_the_topic():
    topic = mqtt_topics.data_topic("environment__air_quality", "urn:ngsi-ld:Device:1")
    assert topic == "ngsi/environment__air_quality/urn:ngsi-ld:Device:1"
    found = mqtt_topics.address(topic, "ack/feeder-1", "m-17")
    assert found == Address("environment__air_quality", "urn:ngsi-ld:Device:1", "feeder-1", "m-17")
    assert found.confirmation_topic == "ack/feeder-1"


def test_mqtt_311_carries_it_inside_the_topic():
    topic = mqtt_topics.data_topic_311("environment__weather", "d1", "feeder-1", "m-17")
    assert topic == "ngsi/environment__weather/d1/feeder-1/m-17"
    assert mqtt_topics.address(topic) == Address("environment__weather", "d1", "feeder-1", "m-17")


@pytest.mark.parametrize(("response_topic", "message_id"), [(None, None), ("ack/c", None), (None, "m")])
def test_a_message_that_wants_no_confirmation(response_topic, message_id):
    found = mqtt_topics.address("ngsi/s/d", response_topic, message_id)
    assert found == Address("s", "d") and found.confirmation_topic is None


@pytest.mark.parametrize(
    ("topic", "response_topic"),
    [
        *(
            ("other/s/d", None),
            ("ngsi/s", None),
            ("ngsi/s/d/c", None),
            ("ngsi/s/d/c/m/x", None),
            ("ngsi//d", None),
        ),
        *(("ngsi/s/d e", None), ("ngsi/s/" + "d" * 129, None), ("ngsi/s/设备", None), ("", None)),
        *(("ngsi/s/d", "cmd/other"), ("ngsi/s/d", "ack/a/b"), ("ngsi/s/d", "ack/+"), ("ngsi/s/d", "ack")),
    ],
)
def test_other_topics_are_refused(topic, response_topic):
    with pytest.raises(Refused) as refusal:
        mqtt_topics.address(topic, response_topic, "m")
    assert refusal.value.code == "topic"


def test_one_confirmation_names_many_messages():
    assert mqtt_topics.confirmed(mqtt_topics.confirmation(["m1", "m2"])) == ["m1", "m2"]
    assert mqtt_topics.confirmed(b"") == []
    assert mqtt_topics.confirmed(b"m1\n\xff\n") == ["m1", "\ufffd"]
