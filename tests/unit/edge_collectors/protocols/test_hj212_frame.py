"""Frames out of a byte stream, however TCP cuts it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_collectors.protocols.hj212 import MAX_FRAME, Refused, decode, frames
from tests.support.hj212_vectors import BROKEN, VALID

PACKETS = list(VALID.values())


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b""])
def test_a_stream_of_packets_with_and_without_line_ends(line_end):
    assert frames(line_end.join(PACKETS) + line_end) == (PACKETS, b"")


@given(st.lists(st.integers(0, 4000), max_size=30), st.sampled_from([b"\r\n", b""]))
def test_pieces_of_any_size_give_the_same_frames(cuts, line_end):
    stream = b"".join(packet + line_end for packet in PACKETS)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    found, rest = [], b""
    for start, end in pairwise(edges):
        cut, rest = frames(rest + stream[start:end])
        found += cut
    assert (found, rest) == (PACKETS, b"")


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_packet_leaves_its_neighbours_whole(case):
    before, behind = VALID["2017_realtime_voc"], VALID["2017_set_interval_annex_a"]
    cut, rest = frames(b"\r\n".join((before, BROKEN[case], behind)) + b"\r\n")
    assert (cut[0], cut[-1], rest) == (before, behind, b"")
    assert b"".join(cut[1:-1]) == BROKEN[case], "the broken packet is kept whole"


def test_a_wrong_length_does_not_wait_for_the_next_packet():
    broken = BROKEN["length__counts_crc_and_line_end"]
    assert frames(broken + b"\r\n") == ([broken], b"")


def test_a_packet_cut_off_in_the_middle_is_refused_and_the_next_is_read():
    cut_off, whole = VALID["2017_realtime_voc"][:60], VALID["2017_set_interval_annex_a"]
    cut, rest = frames(cut_off + whole + b"\r\n")
    assert (cut, rest) == ([cut_off, whole], b"")
    with pytest.raises(Refused, match="cut off or damaged"):
        decode(cut[0])


def test_noise_between_packets_is_kept_as_a_frame_of_its_own():
    whole = VALID["2017_set_interval_annex_a"]
    cut, rest = frames(b"AT+CSQ\r\n" + whole + b"\r\n\x00\xff" + whole + b"\r\n")
    assert (cut, rest) == ([b"AT+CSQ", whole, b"\x00\xff", whole], b"")


def test_line_ends_and_start_marks_inside_cipher_text_do_not_cut_it():
    """A raw encrypted data area may hold any byte; the length decides where the frame ends."""
    packet = b"##0030ST=22;CP=&&\r\n####\n\n\r\r;;##1234&&ABCD"
    assert frames(packet + b"\r\n") == ([packet], b"")
    cut, rest = frames(packet[:25])
    assert (cut, rest) == ([], packet[:25])


@pytest.mark.parametrize("filler", [b"x", b"#", b"##", b"##12", b"##9999", b"##0101QN=", b"&", b"\x00"])
def test_an_endless_line_is_bounded(filler):
    rest, kept, largest = b"", 0, 0
    chunk = filler * (4096 // len(filler))
    for _ in range(64):
        cut, rest = frames(rest + chunk)
        kept += sum(map(len, cut))
        largest = max(largest, len(rest), *map(len, cut), 0)
    assert largest <= MAX_FRAME
    assert kept + len(rest) == 64 * len(chunk)


@pytest.mark.parametrize("noise", [b"#" * 50_000, b"##0010" * 8_000, b"GET /##/ HTTP/1.1 ##" * 2_500])
@pytest.mark.parametrize("piece", [1_000, 65_536])
def test_noise_full_of_start_marks_is_a_few_frames_and_hides_no_packet(noise, piece):
    """Were each ## a frame, a megabyte of them would be half a million dead letters."""
    packet = VALID["2017_realtime_voc"]
    stream, found, rest = noise + packet + b"\r\n", [], b""
    for at in range(0, len(stream), piece):
        cut, rest = frames(rest + stream[at : at + piece])
        found += cut
    assert rest == b"" and found[-1] == packet and b"".join(found[:-1]) == noise
    assert len(found) <= 2 + len(noise) // 10_000
