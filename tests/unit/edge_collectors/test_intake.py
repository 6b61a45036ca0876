"""From a frame or a message to records: what is kept, under which state, and who is answered."""

import json
import re

import pytest

from edge_collectors.hj212_intake import Hj212Intake, read_device_keys
from edge_collectors.ngsi_intake import Message, take
from edge_collectors.protocols import hj212

AIR, WEATHER, HJ212 = "environment__air_quality__ngsi", "environment__weather__ngsi", "environment__air_quality__hj212"
MN = "010000A8900016F000169DC0"
# standards: HJ 212-2025, segment with its SM4 cipher under the key 16 x 0x30, length 0140, CRC B401
SEGMENT_2025 = (
    b"QN=20260301080000123;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&"
    b"DataTime=20260301080000;a34004-Rtd=35.2,a34004-Flag=N&&"
)
CIPHER = bytes.fromhex("eec3dd4cb11c1b7884bebb61a31699e3d3e7fe58113c69a04298433e6d382ec00de7cc889acabf4424c218a63c142fa1")


def entity(number: int, **more) -> dict:
    body = {"id": f"urn:ngsi-ld:AirQualityObserved:{number}", "type": "AirQualityObserved"}
    return {**body, "dateObserved": "2024-06-01T00:00:00Z", "pm25": 35.2, **more}


def taken(payload, topic=f"ngsi/{AIR}/d1", limit=4096, **properties):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return take(Message(topic, body, "application/json", **properties), (AIR, WEATHER), limit)


def test_a_message_with_several_entities_is_several_records_and_its_bytes_are_kept_once():
    one = taken([entity(1), entity(2)], response_topic="ack/f1", message_id="m1")
    assert [r.state for r in one.records] == ["ok", "ok"] and one.source == AIR
    assert [bool(r.raw) for r in one.records] == [True, False]
    assert (one.topic, one.message_id) == ("ack/f1", "m1")


def test_the_same_entity_in_another_message_is_the_same_record():
    alone, batch = taken(entity(1)), taken([entity(2), entity(1)])
    assert alone.records[0].record_id == batch.records[1].record_id


def test_unreadable_entities_of_a_batch_are_dead_letters_beside_the_readable_one():
    one = taken([entity(1), {"id": 5}, {"id": "x", "type": "Parking"}])
    assert [r.state for r in one.records] == ["ok", "dead_letter", "dead_letter"]
    assert len({r.record_id for r in one.records}) == 3 and all(r.reason for r in one.records[1:])


@pytest.mark.parametrize(
    ("payload", "topic", "state", "reason", "source"),
    [
        (b"{", f"ngsi/{AIR}/d1", "dead_letter", "JSON", AIR),
        (entity(1), "other/topic", "dead_letter", "ngsi/source/device", AIR),
        (entity(1), "ngsi/environment__noise__ngsi/d1", "no_contract", "does not take", AIR),
        (b"[" + b" " * 5000 + b"]", f"ngsi/{WEATHER}/d1", "dead_letter", "5002 bytes .*must not have more than 4096", WEATHER),
    ],
)
def test_what_cannot_be_taken_is_kept_with_its_reason(payload, topic, state, reason, source):
    one = taken(payload, topic)
    (record,) = one.records
    assert record.state == state and record.raw and one.source == source
    assert re.search(reason, record.reason)


def intake(**keys: bytes) -> Hj212Intake:
    return Hj212Intake(HJ212, "Asia/Shanghai", ("22",), keys)


def frame(segment: bytes, crc: bytes = b"") -> bytes:
    return b"##%04d%s%s" % (len(segment), segment, crc or b"%04X" % hj212.crc(segment))


def test_an_encrypted_packet_is_read_with_the_key_of_its_device():
    encrypted = SEGMENT_2025.partition(b"&&")[0] + b"&&" + CIPHER + b"lag=N&&"
    packet = frame(encrypted, b"B401")
    (record,) = intake(**{MN: b"0" * 16}).take(packet).records
    assert record.payload["items"][0]["value"] == "35.2" and record.raw == packet
    (unread,) = intake().take(packet).records
    assert unread.state == "dead_letter"


def test_a_split_message_is_one_record_and_each_part_is_answered_for_itself():
    head = f"QN=20240601085857223;ST=22;CN=2011;PW=123456;MN={MN};Flag=7;PNUM=2;PNO=%d;CP=&&DataTime=20240601085800;".encode()
    parts = [head % 1 + b"a34004-Rtd=35.2,a34004-Flag=N&&", head % 2 + b"a34002-Rtd=60.1,a34002-Flag=N&&"]
    one = intake()
    first, again, last = (one.take(frame(part)) for part in (parts[0], parts[0], parts[1]))
    assert first.records == again.records == () and [i["code"] for i in last.records[0].payload["items"]] == ["a34004", "a34002"]
    assert [taken.part for taken in (first, again, last)] == [frame(parts[0]), frame(parts[0]), frame(parts[1])]
    assert all(taken.answer.count(b"CN=9014") == 1 for taken in (first, again, last))


def test_the_key_file_names_its_wrong_line(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# MN and SM4 key\n\n{MN} {'30' * 16}\n")
    assert read_device_keys(path) == {MN: b"0" * 16}
    path.write_text(f"{MN} {'30' * 16}\n{MN} 3030\n")
    with pytest.raises(ValueError, match="line 2 is not"):
        read_device_keys(path)
