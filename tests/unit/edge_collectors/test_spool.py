"""The spool: what is confirmed is on the disk, numbers have no gap, a resend is known, the bound holds."""

import json
import os
import resource
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from edge_collectors.envelope import accepted, refused
from edge_collectors.spool import Spool, SpoolFull, SpoolInUse
from edge_collectors.stream import Origin

ORIGIN = Origin("gate-1", "environment__air_quality__hj212", "1.0.0", "test_vector")
RECEIVED = "2026-03-01T00:00:00.000000Z"


def reading(number: int, value: str = "35.2"):
    payload = {"device": "A1", "observed_at": "2026-03-01T00:00:00Z", "items": [{"code": "a34004", "value": value}]}
    return accepted(ORIGIN.source, f"A1|{number}|2011|1", payload, b"##raw", RECEIVED)


def open_stream(folder: Path, max_bytes=1 << 20, recent=1000):
    spool = Spool(folder, max_bytes, recent)
    return spool, spool.stream(ORIGIN)


def lines(path: Path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_sealed_segment_has_header_records_and_a_trailer_that_agrees(tmp_path):
    _, stream = open_stream(tmp_path)
    stream.write([reading(1), refused(ORIGIN.source, b"\xff\xfe", RECEIVED, "The CRC is wrong.")])
    stream.write([reading(2)])
    path = stream.seal()
    assert path == tmp_path / ORIGIN.source / "sealed" / "000000000001.jsonl"
    head, *records, tail = lines(path)
    assert head["segment"] == {
        "collector": "gate-1", "source": ORIGIN.source, "number": 1, "contract_version": "1.0.0", "data_origin": "test_vector",
    }  # fmt: skip
    assert [r["seq"] for r in records] == [1, 2, 3]
    assert records[1]["raw"] == "//4=" and records[1]["raw_encoding"] == "base64" and records[1]["state"] == "dead_letter"
    hashed = sha256(b"".join(path.read_bytes().splitlines(keepends=True)[1:-1])).hexdigest()
    assert tail["sealed"] == {"records": 3, "first_seq": 1, "last_seq": 3, "sha256": hashed}


def test_numbers_go_on_over_segments_and_restarts(tmp_path):
    spool, stream = open_stream(tmp_path)
    stream.write([reading(1)])
    stream.seal()
    spool.close()
    spool, stream = open_stream(tmp_path)
    stream.write([reading(2)])
    spool.close()
    spool, stream = open_stream(tmp_path)
    stream.write([reading(3)])
    assert [r["seq"] for r in lines(stream.seal())[1:-1]] == [2, 3]
    for sealed in (tmp_path / ORIGIN.source / "sealed").iterdir():
        sealed.unlink()  # all shipped and gone
    spool.close()
    _, stream = open_stream(tmp_path)
    stream.write([reading(4)])
    path = stream.seal()
    assert path.name == "000000000003.jsonl" and lines(path)[1]["seq"] == 4


@pytest.mark.parametrize("where", ["same batch", "open segment", "sealed and shipped", "after a restart"])
def test_a_resend_is_known(tmp_path, where):
    spool, stream = open_stream(tmp_path)
    if where == "same batch":
        assert stream.write([reading(1), reading(1)]) == [True, False]
        return
    assert stream.write([reading(1)]) == [True]
    if where == "sealed and shipped":
        stream.seal().unlink()
    if where == "after a restart":
        spool.close()
        spool, stream = open_stream(tmp_path)
    assert stream.write([reading(1)]) == [False]
    assert stream.next_seq == 2 and stream.counts.duplicate == 1


def test_a_correction_under_the_same_key_is_a_record_of_its_own(tmp_path):
    _, stream = open_stream(tmp_path)
    assert stream.write([reading(1, "35.2"), reading(1, "36.0")]) == [True, True]


def test_beyond_the_window_a_resend_is_stored_again(tmp_path):
    spool, stream = open_stream(tmp_path, recent=2)
    for number in (1, 2, 3):
        stream.write([reading(number)])
        stream.seal()
    assert stream.write([reading(3)]) == [False]
    assert stream.write([reading(1)]) == [True]
    assert len(list((tmp_path / ORIGIN.source / "ids").glob("*.ids"))) == 2
    spool.close()
    _, stream = open_stream(tmp_path, recent=2)
    assert stream.next_seq == 5


@pytest.mark.parametrize("torn", [b'{"record_id":"00', b"\x00" * 64, b'{"record_id":"00","seq":2,"crc":"00000000"}\n'])
def test_a_torn_tail_is_cut_to_the_last_whole_record(tmp_path, torn):
    spool, stream = open_stream(tmp_path)
    stream.write([reading(1)])
    spool.close()
    growing = tmp_path / ORIGIN.source / "open" / "000000000001.jsonl"
    with growing.open("ab") as file:
        file.write(torn)
    _, stream = open_stream(tmp_path)
    assert stream.write([reading(1), reading(2)]) == [False, True]
    assert [r["seq"] for r in lines(stream.seal())[1:-1]] == [1, 2]


@pytest.mark.parametrize("left", [b"", b'{"segment":{"coll'])
def test_a_segment_that_died_at_its_first_line_is_begun_again(tmp_path, left):
    spool, stream = open_stream(tmp_path)
    spool.close()
    (tmp_path / ORIGIN.source / "open" / "000000000001.jsonl").write_bytes(left)
    _, stream = open_stream(tmp_path)
    stream.write([reading(1)])
    path = stream.seal()
    assert path.name == "000000000001.jsonl" and len(lines(path)) == 3


def test_whole_records_behind_a_damaged_line_are_kept_for_inspection(tmp_path):
    spool, stream = open_stream(tmp_path)
    stream.write([reading(1), reading(2), reading(3)])
    spool.close()
    growing = tmp_path / ORIGIN.source / "open" / "000000000001.jsonl"
    head, first, second, third = growing.read_bytes().splitlines(keepends=True)
    growing.write_bytes(head + first + second.replace(b"35.2", b"35.3") + third)
    _, stream = open_stream(tmp_path)
    assert stream.next_seq == 2
    (kept,) = (tmp_path / ORIGIN.source / "torn").iterdir()
    assert third in kept.read_bytes()


@pytest.mark.parametrize("stage", ["trailer", "ids"])
def test_a_seal_that_died_half_way_is_finished(tmp_path, monkeypatch, stage):
    spool, stream = open_stream(tmp_path)
    stream.write([reading(1)])
    dies = "_finish" if stage == "trailer" else "_show"
    monkeypatch.setattr(stream, dies, lambda path: None)
    stream.seal()
    spool.close()
    spool, stream = open_stream(tmp_path)
    assert [p.name for p in (tmp_path / ORIGIN.source / "sealed").iterdir()] == ["000000000001.jsonl"]
    assert stream.write([reading(1), reading(2)]) == [False, True]
    assert stream.next_seq == 3


def test_a_full_spool_stores_nothing_and_goes_on_when_there_is_room(tmp_path):
    spool, stream = open_stream(tmp_path, max_bytes=2000)
    with pytest.raises(SpoolFull, match=r"spool\.max_bytes"):
        for number in range(100):
            stream.write([reading(number)])
    stored = stream.next_seq - 1
    assert 1 <= stored < 10 and spool.unshipped_bytes() <= 2000
    assert stream.write([reading(0)]) == [False]  # what is durable is still confirmed
    stream.seal().unlink()
    assert stream.write([reading(stored)]) == [True]


def test_a_disk_without_room_loses_nothing_that_was_confirmed(tmp_path):
    """A file size limit stands for a full disk: the write stops in the middle of a batch."""
    _, stream = open_stream(tmp_path, max_bytes=1 << 30)
    stream.write([reading(0)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        with pytest.raises(OSError):
            stream.write([reading(number) for number in range(1, 50)])
        assert stream.next_seq == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert stream.write([reading(number) for number in range(50)]) == [False] + [True] * 49
    assert [r["seq"] for r in lines(stream.seal())[1:-1]] == list(range(1, 51))


def test_one_spool_has_one_writer(tmp_path):
    open_stream(tmp_path)
    with pytest.raises(SpoolInUse, match="another collector"):
        Spool(tmp_path, 1 << 20, 10)


WRITER = """
import sys
from pathlib import Path
from tests.unit.edge_collectors.test_spool import open_stream, reading
_, stream = open_stream(Path(sys.argv[1]), max_bytes=1 << 30)
for number in range(stream.next_seq, 10**6):
    stream.write([reading(number)])
    print(number, flush=True)
    if number % 40 == 0:
        stream.seal()
"""


def test_kill_nine_while_writing_loses_no_confirmed_record(tmp_path):
    confirmed = 0
    for round_ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, env={**os.environ})
        for _ in range(50 + 37 * round_):
            confirmed = int(writer.stdout.readline())
        writer.kill()
        confirmed = int((writer.communicate()[0].split() or [confirmed])[-1])
        assert confirmed
    _, stream = open_stream(tmp_path, max_bytes=1 << 30)
    stream.seal()
    stored = [r["seq"] for p in sorted((tmp_path / ORIGIN.source / "sealed").iterdir()) for r in lines(p)[1:-1]]
    assert stored == list(range(1, len(stored) + 1))
    assert confirmed <= len(stored) <= confirmed + 1
