"""Every packet of the standard is decoded or refused as the standard says."""

import pytest

from edge_collectors.protocols.hj212 import Refused, decode, frames
from tests.support.hj212_vectors import BROKEN, VALID

# edition, ST, CN, QN, Flag, number of items of the data area
READ = {
    "2017_set_interval_annex_a": ("2017", "32", "1062", "20160801085857223", 5, 1),
    "2025_get_time_annex_a1": ("2025", "32", "1011", "20240601085857223", 9, 0),
    "2017_realtime_lower_case_crc": ("2017", "22", "2011", "20191012133710130", 4, 8),
    "2017_realtime_short_codes": ("2017", "22", "2011", "20191012133710130", 4, 8),
    "2017_realtime_voc": ("2017", "27", "2011", "20200725210900001", 4, 2),
    "2017_minute_lampblack_rtd": ("2017", "22", "2051", "20190813155800001", 5, 2),
    "2017_day_lampblack": ("2017", "22", "2031", "20190813155800001", 5, 4),
    "2005_minute_waste_water": ("2005", "32", "2051", None, None, 4),
    "2005_realtime_waste_water": ("2005", "32", "2011", None, None, 5),
    "2005_minute_without_flags": ("2005", "32", "2051", None, None, 5),
    "2025_data_acknowledgement": ("2025", "91", "9014", "20260706103512345", 8, 0),
    "2025_data_acknowledgement_qnrtn": ("2025", "91", "9014", "20201008154743635", 9, 1),
    "2017_set_timeout_annex_c": ("2017", "32", "1000", "20160801085857223", 5, 2),
    "2017_data_acknowledgement": ("2017", "91", "9014", "20160801085857223", 4, 0),
    "2025_late_record": ("2025", "22", "2011", "20260301080000123", 9, 2),
    "2017_hour_start_of_period": ("2017", "22", "2061", "20260301080000123", 5, 3),
    "2017_chinese_text_utf8": ("2017", "32", "3020", "20260301080000123", 5, 3),
    "2005_split_part": ("2005", "22", "2011", "20260301080000123", 3, 2),
    "2005_segment_of_1024_bytes": ("2005", "22", "2011", None, None, 57),
    "2025_heartbeat": ("2025", "91", "9015", "20260301080000123", 8, 0),
}


def test_every_vector_has_an_expectation():
    assert READ.keys() == VALID.keys()


@pytest.mark.parametrize("case", READ)
@pytest.mark.parametrize("line_end", [b"", b"\r\n"])
def test_valid_packets(case, line_end):
    packet = decode(VALID[case] + line_end)
    assert (packet.version, packet.st, packet.cn, packet.qn, packet.flag, len(packet.groups)) == READ[case]
    assert packet.raw == VALID[case]
    assert packet.is_resent is (case == "2025_late_record")
    assert packet.is_part is (case == "2005_split_part")


@pytest.mark.parametrize("case", BROKEN)
def test_broken_packets(case):
    with pytest.raises(Refused) as refusal:
        decode(BROKEN[case] + b"\r\n")
    assert refusal.value.code == case.partition("__")[0]
    assert "HJ 212" in refusal.value.reason and refusal.value.reason.endswith(".")
    assert "12345" not in refusal.value.reason, "the password stays out of reasons"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("length__counts_crc_and_line_end", "says 0131 but the data segment has 0125"),
        ("length__counts_crc_and_line_end", "counts the CRC and the line end too"),
        ("length__one_too_many_and_stray_comma", "says 0096 but the data segment has 0095"),
        ("crc__last_digit_changed", "at offset 107 reads 1C81 but the data segment gives 1C80"),
        ("crc__modbus", "this is the Modbus CRC"),
        ("crc__0000", "switch its CRC on"),
        ("item__la_td_for_la_rtd", "LA-td"),
    ],
)
def test_reasons_name_place_rule_and_mend(case, words):
    with pytest.raises(Refused, match=words):
        decode(BROKEN[case])


def test_of_the_published_packets_eight_are_refused(reference_data):
    published = (reference_data / "protocol_messages/hj212/packets.txt").read_bytes()
    cut, rest = frames(published)
    refused = {}
    for number, frame in enumerate(cut, start=1):
        try:
            decode(frame)
        except Refused as refusal:
            refused[number] = refusal.code
    assert (len(cut), rest) == (19, b"")
    assert refused == dict.fromkeys((2, 3, 4, 7, 9, 11, 12), "crc") | {13: "length"}


def test_the_password_is_not_printed():
    assert "100000" not in repr(decode(VALID["2017_set_interval_annex_a"])).partition("frames")[0]
