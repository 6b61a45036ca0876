"""Damage: one changed byte is always refused, and nothing that comes over the wire crashes or gets lost."""

import random
from collections import Counter

import pytest

from edge_collectors.protocols.hj212 import (
    Refused,
    acknowledgement,
    decode,
    document,
    frames,
    idempotency_key,
)
from edge_collectors.protocols.hj212.crc import crc_text
from edge_collectors.protocols.hj212.packet import Packet
from tests.support.hj212_vectors import BROKEN, VALID

WHOLE = [case for case, packet in VALID.items() if len(packet) < 150]
SEED = 20_261_121
FUZZED = 100_000


def verdict(frame: bytes) -> Packet | Refused:
    try:
        return decode(frame)
    except Refused as refusal:
        return refusal


def changed(packet: bytes, positions: range):
    for position in positions:
        for value in range(256):
            if value != packet[position]:
                yield packet[:position] + bytes((value,)) + packet[position + 1 :]


@pytest.mark.parametrize("case", WHOLE)
def test_every_changed_byte_of_the_data_segment_is_refused(case):
    packet = VALID[case]
    accepted = [d for d in changed(packet, range(6, len(packet) - 4)) if isinstance(verdict(d), Packet)]
    assert accepted == []


@pytest.mark.parametrize("case", WHOLE)
def test_every_changed_byte_of_start_length_and_crc_is_refused(case):
    packet = VALID[case]
    head, tail = range(6), range(len(packet) - 4, len(packet))
    assert [d for d in changed(packet, head) if isinstance(verdict(d), Packet)] == []
    accepted = [d for d in changed(packet, tail) if isinstance(verdict(d), Packet)]
    assert all(d.upper() == packet.upper() for d in accepted), "only the case of a CRC digit may differ"


@pytest.mark.parametrize("case", ["2017_set_interval_annex_a", "2025_get_time_annex_a1"])
def test_a_damaged_packet_does_not_take_the_next_with_it(case):
    """Damage in the data segment, and the packet behind it still arrives whole."""
    packet, neighbour = VALID[case], VALID["2017_data_acknowledgement"]
    for damaged in changed(packet, range(6, len(packet) - 4)):
        cut, rest = frames(damaged + b"\r\n" + neighbour + b"\r\n")
        assert (cut[-1], rest) == (neighbour, b"")
        assert not any(isinstance(verdict(frame), Packet) for frame in cut[:-1])


def test_fuzzed_streams_crash_nothing_and_lose_no_byte():
    """100,000 mutated and random packets: each byte gets a verdict."""
    rng = random.Random(SEED)
    seeds = [*VALID.values(), *BROKEN.values()]
    verdicts: Counter[str] = Counter()
    sent = kept = 0
    rest = b""
    for _ in range(FUZZED):
        packet = fuzzed(rng, seeds)
        sent += without_line_ends(packet)
        cut, rest = frames(rest + packet)
        kept += sum(without_line_ends(frame) for frame in cut)
        count(cut, verdicts)
    kept += without_line_ends(rest)
    count([rest], verdicts)
    assert kept == sent
    assert verdicts["refused"] > FUZZED / 2 and verdicts["decoded"] > FUZZED / 20
    reached = {"start", "length", "crc", "encoding", "cp", "header", "flag", "split", "item", "datatime"}
    assert reached <= verdicts.keys(), "the fuzzing reaches every check"


def count(cut: list[bytes], verdicts: Counter[str]) -> None:
    for frame in cut:
        found = verdict(frame)
        if isinstance(found, Packet):
            idempotency_key(found)
            acknowledgement(found)
            document(found, "Asia/Shanghai")
            assert found.raw == frame
            verdicts["decoded"] += 1
        else:
            assert found.reason and found.code
            verdicts["refused"] += 1
            verdicts[found.code] += 1


def without_line_ends(data: bytes) -> int:
    return len(data) - data.count(b"\r") - data.count(b"\n")


def sealed(segment: bytes) -> bytes:
    """The right length and CRC on a mutated segment, so that the checks behind them are reached."""
    return b"##%04d%s%s" % (len(segment), segment, crc_text(segment).encode())


def fuzzed(rng: random.Random, seeds: list[bytes]) -> bytes:
    kind = rng.random()
    if kind < 0.1:
        return rng.randbytes(rng.randrange(1, 200))
    packet = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(packet) + 1)
        match rng.randrange(5):
            case 0:
                packet[at : at + 1] = rng.randbytes(1)
            case 1:
                packet[at:at] = rng.choice((b"##", b"&&", b"\r\n", b";", b",", b"=", b"CP=&&", rng.randbytes(3)))
            case 2:
                del packet[at : at + rng.randrange(1, 20)]
            case 3:
                other = rng.choice(seeds)
                packet[at:] = other[rng.randrange(len(other)) :]
            case 4:
                packet[at:at] = packet[: rng.randrange(40)]
    if rng.random() < 0.5:
        packet = sealed(bytes(packet[6:-4]))
    return bytes(packet or b"#") + rng.choice((b"\r\n", b"\r\n", b"\n", b""))
