"""The envelope: ids that depend on content alone, lines that know when they are damaged."""

import hashlib
import json

import pytest

from edge_collectors.envelope import DamagedLine, accepted, now, read_line, record_id, refused, without_contract

SOURCE = "environment__air_quality__ngsi"


def test_record_id_is_the_first_half_of_a_sha256_over_source_key_and_canonical_payload():
    by_hand = hashlib.sha256('s|k|{"a":1,"站":"东四"}'.encode()).hexdigest()[:32]
    assert record_id("s", "k", {"站": "东四", "a": 1}) == by_hand


def test_the_time_of_receipt_does_not_change_the_id():
    first = accepted(SOURCE, "k", {"v": "1"}, b"raw", "2026-01-01T00:00:00Z")
    again = accepted(SOURCE, "k", {"v": "1"}, b"raw", "2026-01-01T00:05:00Z")
    assert first.record_id == again.record_id


def test_the_same_refused_bytes_are_one_dead_letter_whatever_the_reason():
    assert refused(SOURCE, b"x", now(), "a").record_id == refused(SOURCE, b"x", now(), "b").record_id
    assert refused(SOURCE, b"x", now(), "a").record_id != refused("other", b"x", now(), "a").record_id


def test_a_line_reads_back_as_written():
    record = accepted(
        SOURCE, "k", {"observed_at": "2026-01-01T00:00:00Z", "n": "东四"}, "东四\r\n".encode(), "2026-01-01T00:00:01Z"
    )
    line = record.line(7, "gate-1/" + SOURCE)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    body = read_line(line)
    assert body.pop("crc")
    assert body == {
        "record_id": record.record_id,
        "seq": 7,
        "stream": "gate-1/" + SOURCE,
        "observed_at": "2026-01-01T00:00:00Z",
        "received_at": "2026-01-01T00:00:01Z",
        "payload": {"observed_at": "2026-01-01T00:00:00Z", "n": "东四"},
        "raw": "东四\r\n",
        "state": "ok",
        "reason": None,
    }
    assert json.loads(line)["seq"] == 7


def test_every_changed_byte_and_every_cut_is_noticed():
    line = accepted(SOURCE, "k", {"v": "12.5"}, b"raw", "2026-01-01T00:00:01Z").line(1, "c/s")
    for at in range(len(line)):
        with pytest.raises(DamagedLine):
            read_line(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :])
        with pytest.raises(DamagedLine):
            read_line(line[:at])


def test_a_record_without_contract_keeps_its_payload_and_says_why():
    record = without_contract(SOURCE, "k", {"observed_at": "2026-01-01T00:00:00Z"}, b"raw", now(), "No dataset takes ST=32.")
    assert (record.state, record.reason) == ("no_contract", "No dataset takes ST=32.")
    assert record.observed_at == "2026-01-01T00:00:00Z"
