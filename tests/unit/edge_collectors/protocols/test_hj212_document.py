"""Packets of readings as payload documents."""

import pytest

from edge_collectors.protocols.hj212 import decode, document
from tests.support.hj212_vectors import VALID

BEIJING = "Asia/Shanghai"


def read(case, zone=BEIJING):
    return document(decode(VALID[case]), zone)


def test_a_whole_document():
    assert read("2025_late_record") == {
        "protocol": "hj212",
        "device": "010000A8900016F000169DC0",
        "observed_at": "2026-03-01T00:00:00Z",
        "period": "rtd",
        "resent": True,
        "items": [{"code": "a34004", "value": "35.2", "unit": None, "flag": "N"}],
        "location": None,
        "meta": {
            "version": "2025",
            "st": "22",
            "cn": "2011",
            "qn": "20260301080000123",
            "flag": 9,
            "parts": 1,
            "encrypted": False,
            "data_time": "20260301080000",
            "zone": "Asia/Shanghai",
            "zone_assumed": True,
        },
    }


def test_an_hour_carries_its_start_its_statistics_and_every_flag_as_sent():
    hour = read("2017_hour_start_of_period")
    assert (hour["period"], hour["observed_at"]) == ("hour", "2026-02-28T23:00:00Z")
    assert hour["items"] == [
        {
            "code": "a34004",
            "value": "35.2",
            "unit": None,
            "flag": "N",
            "min": "20.1",
            "max": "51.0",
            "cou": "1.2",
        },
        {"code": "a21005", "value": "0.8", "unit": None, "flag": "D"},
    ]


@pytest.mark.parametrize(
    ("case", "period", "observed_at"),
    [
        ("2017_realtime_lower_case_crc", "rtd", "2019-10-12T05:37:10Z"),
        ("2017_day_lampblack", "day", "2019-08-13T07:58:00Z"),
        ("2005_minute_waste_water", "minute", "2015-04-30T05:58:00Z"),
    ],
)
def test_period_and_time(case, period, observed_at):
    found = read(case)
    assert (found["period"], found["observed_at"]) == (period, observed_at)


def test_codes_of_2005_and_of_2017_stay_as_sent():
    assert [item["code"] for item in read("2005_minute_waste_water")["items"]] == ["B01", "011", "060"]
    assert [item["code"] for item in read("2017_realtime_short_codes")["items"]][:2] == ["a214", "a215"]
    assert read("2017_realtime_short_codes")["items"][0]["value"] == "0.00", "digits stay as sent"


def test_a_minute_packet_that_only_has_rtd_says_where_its_value_is_from():
    assert read("2017_minute_lampblack_rtd")["items"] == [
        {"code": "LAMPBLACK", "value": "0.0", "unit": None, "flag": "N", "value_from": "Rtd"}
    ]


def test_an_item_without_its_average_has_no_value():
    flow = read("2005_minute_without_flags")["items"][2]
    assert (flow["code"], flow["value"], flow["flag"]) == ("001", "8.2838", None)


def test_the_zone_is_the_device_s():
    assert read("2017_hour_start_of_period", "UTC")["observed_at"] == "2026-03-01T07:00:00Z"


@pytest.mark.parametrize("case", ["2017_set_interval_annex_a", "2025_data_acknowledgement", "2017_chinese_text_utf8"])
def test_commands_and_answers_are_no_documents(case):
    assert read(case) is None


def test_the_password_stays_out_of_the_document():
    assert "123456" not in str(read("2017_day_lampblack"))
