"""A hundred thousand damaged HJ 212 packets: nothing crashes, and every byte that came is kept."""

import random

import pytest

from edge_collectors.envelope import read_line
from edge_collectors.hj212_intake import Hj212Intake
from edge_collectors.protocols import hj212
from edge_collectors.spool import Spool
from edge_collectors.stream import Origin

SOURCE = "environment__air_quality__hj212"
PACKETS = 100_000
READING = (
    b"QN=%017d;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
    b"CP=&&DataTime=20240601085800;a34004-Rtd=35.2,a34004-Flag=N&&"
)


def whole(number: int) -> bytes:
    segment = READING % (20240601000000000 + number)
    return b"##%04d%s%04X" % (len(segment), segment, hj212.crc(segment))


def damaged(packet: bytes, chance: random.Random) -> bytes:
    """One to six bytes replaced, put in, taken out, doubled, or the packet cut."""
    body = bytearray(packet)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body))
        fault = chance.choice(("replace", "insert", "delete", "double", "cut"))
        if fault == "replace":
            body[at] = chance.randrange(256)
        elif fault == "insert":
            body.insert(at, chance.randrange(256))
        elif fault == "delete" and len(body) > 1:
            del body[at]
        elif fault == "double":
            body[at:at] = body[at : at + chance.randint(1, 30)]
        elif fault == "cut" and at > 20:
            del body[at:]
    return bytes(body)


@pytest.mark.faults
@pytest.mark.slow
def test_a_hundred_thousand_damaged_packets_crash_nothing_and_are_kept(tmp_path):
    chance = random.Random(20260301)
    stream = Spool(tmp_path, 1 << 30, 2 * PACKETS).stream(Origin("gate-1", SOURCE, "1.0.0", "test_vector"))
    intake, rest, sent, kept = Hj212Intake(SOURCE, "Asia/Shanghai", ("22",), {}), b"", [], []
    for begin in range(0, PACKETS, 500):
        sent += [damaged(whole(n), chance) for n in range(begin, begin + 500)]
        frames, rest = hj212.frames(rest + b"\r\n".join(sent[begin:]) + b"\r\n")
        stored = [record for frame in frames for record in intake.take(frame).records]
        kept += stored
        stream.write(stored)
    kept += intake.take(rest).records if rest else ()
    kept += intake.incomplete()
    assert _without_line_ends(b"".join(r.raw for r in kept)) == _without_line_ends(b"".join(sent))
    undamaged = {whole(n) for n in range(PACKETS)}
    assert all(record.raw in undamaged for record in kept if record.state != "dead_letter")
    refused = [record for record in kept if record.state == "dead_letter"]
    assert all(record.reason for record in refused) and len(refused) > 0.9 * PACKETS
    assert stream.counts.received == stream.counts.durable + stream.counts.duplicate
    lines = stream.seal().read_bytes().splitlines(keepends=True)[1:-1]
    assert [read_line(line)["seq"] for line in lines] == list(range(1, stream.counts.durable + 1))


def _without_line_ends(received: bytes) -> bytes:
    return received.replace(b"\r", b"").replace(b"\n", b"")
