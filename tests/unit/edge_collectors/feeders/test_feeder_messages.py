"""Real readings as packets and payloads, and the publisher's own log."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from edge_collectors.feeders.hj212_messages import device_number, hour_messages
from edge_collectors.feeders.ngsi_messages import AIR_QUALITY, WEATHER, publications
from edge_collectors.feeders.prsa import read_hours, read_stations
from edge_collectors.feeders.published import file_publications
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import hj212, ngsi

HEADER = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station\n"
FIRST = "1,2013,3,1,0,9,NA,3,17,300,89,-0.5,1024.5,-21.4,0,NNW,5.7,Dongsi\n"
SECOND = "2,2013,3,1,1,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,Dongsi\n"


@pytest.fixture
def dongsi(tmp_path):
    path = tmp_path / "dongsi.csv"
    path.write_text(HEADER + FIRST + SECOND)
    return path


def test_an_hour_is_read_with_its_start_and_its_gaps(dongsi):
    first, second = read_hours(dongsi)
    assert (first.station, first.start, first.end) == (
        "Dongsi",
        datetime(2013, 3, 1, 0),
        datetime(2013, 3, 1, 1),
    )
    assert (first.values["PM2.5"], first.values["PM10"], first.values["wd"]) == ("9", None, "NNW")
    assert set(second.values.values()) == {None}


def test_stations_are_merged_by_time(dongsi, tmp_path):
    other = tmp_path / "wanliu.csv"
    other.write_text(HEADER + FIRST.replace("Dongsi", "Wanliu"))
    found = [(reading.start.hour, reading.station) for reading in read_stations([other, dongsi])]
    assert found == [(0, "Dongsi"), (0, "Wanliu"), (1, "Dongsi")]


def test_an_hour_becomes_a_packet_that_is_read_back_with_its_values(dongsi):
    (message,) = hour_messages(read_hours(dongsi), seed=7)
    assert message.mn == device_number("Dongsi") and len(message.mn) == 24
    packet = hj212.decode(message.packets[0])
    found = hj212.document(packet, "Asia/Shanghai")
    assert (found["observed_at"], found["period"]) == ("2013-02-28T16:00:00Z", "hour")
    assert {item["code"]: item["value"] for item in found["items"]} == {
        "a34004": "9",
        "a21026": "3",
        "a21004": "17",
        "a21005": "0.3",
        "a05024": "89",
    }
    assert packet.is_answer_wanted and packet.version == "2017"
    assert message.qn.startswith("2013030101"), "sent in the minute after the hour's end"


def test_the_same_seed_gives_the_same_bytes_wherever_one_begins(dongsi):
    whole, again = (list(hour_messages(read_hours(dongsi), seed=7)) for _ in range(2))
    assert whole == again
    assert whole != list(hour_messages(read_hours(dongsi), seed=8))


def test_late_and_encrypted_packets_of_2025(dongsi):
    key = b"0" * 16
    (message,) = hour_messages(read_hours(dongsi), seed=7, edition="2025", late_share=1.0, sm4_key=key)
    packet = hj212.decode(message.packets[0], key)
    assert (packet.version, packet.is_resent, packet.is_encrypted) == ("2025", True, True)


def test_an_hour_becomes_two_payloads_that_are_read_back_with_their_values(dongsi):
    air, weather, *_ = publications(read_hours(dongsi))
    assert (air.source, air.device, air.key) == (AIR_QUALITY, "prsa-dongsi", "dongsi-2013030100-air")
    assert (weather.source, weather.key) == (WEATHER, "dongsi-2013030100-wea")
    (found,) = ngsi.documents(air.payload, air.content_type)
    assert (found["device"], found["observed_at"], found["period"]) == (
        "prsa-dongsi",
        "2013-02-28T16:00:00Z",
        "hour",
    )
    assert {i["code"]: (i["value"], i["unit"]) for i in found["items"]} == {
        "pm25": ("9", "GQ"),
        "pm10": (None, "GQ"),
        "so2": ("3", "GQ"),
        "no2": ("17", "GQ"),
        "co": ("0.3", "GP"),
        "o3": ("89", "GQ"),
    }
    (found,) = ngsi.documents(weather.payload, weather.content_type)
    assert {i["code"]: i["value"] for i in found["items"]} == {
        "temperature": "-0.5",
        "atmosphericPressure": "1024.5",
        "dewPoint": "-21.4",
        "precipitation": "0",
        "windSpeed": "5.7",
        "windDirection": "337.5",
    }


def test_one_message_per_value_has_keys_of_its_own(dongsi):
    found = list(publications(read_hours(dongsi), weather=False, one_per_value=True))
    assert len({publication.key for publication in found}) == len(found) == 12
    assert found[0].key == "dongsi-2013030100-air-PM2.5"
    assert list(json.loads(found[0].payload)).count("pm25") == 1


def test_the_payload_files_of_the_samples_go_to_their_sources():
    found = list(file_publications(Path(__file__).parents[4] / "samples" / "ngsi"))
    assert [publication.source for publication in found] == [AIR_QUALITY] * 5 + [WEATHER] * 4
    assert {publication.device for publication in found} == {"28079004-Pza.deEspanya", "device-0A3478"}
    assert len({publication.key for publication in found}) == 9


def test_the_log_resumes_and_drops_a_torn_line(tmp_path):
    path = tmp_path / "feeder" / "log.jsonl"
    log = PublisherLog(path)
    log.note_sent(["a", "b", "c"])
    log.note_sent(["a"])
    log.note_confirmed(["b"])
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"key": "c", "conf')
    resumed = PublisherLog(path)
    assert (resumed.sent, resumed.confirmed, resumed.unconfirmed) == ({"a", "b", "c"}, {"b"}, {"a", "c"})
    resumed.note_confirmed(["c"])
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(entry["key"], "confirmed_at" in entry) for entry in entries] == [
        *(("a", False), ("b", False), ("c", False), ("b", True), ("c", True)),
    ]
    assert path.read_bytes().startswith(whole)
