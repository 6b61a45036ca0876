"""Uplink and shipper: a segment leaves the spool only when the other side has confirmed it."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from edge_collectors.config import HttpUplinkConfig
from edge_collectors.envelope import accepted
from edge_collectors.segments import DamagedSegment
from edge_collectors.shipper import Shipper, read_link
from edge_collectors.spool import Spool, SpoolInUse
from edge_collectors.stream import Origin
from edge_collectors.uplink import FolderUplink, HttpUplink, LinkDown, NotTaken
from ingestion.streaming import tokens
from ingestion.streaming.receiver import application
from lakehouse.settings import settings

SOURCE = "environment__air_quality__hj212"


@pytest.fixture
def stream(tmp_path):
    return Spool(tmp_path / "spool", 1 << 30, 1000).stream(Origin("gate-1", SOURCE, "1.0.0", "test_vector"))


@pytest.fixture
def receiver(home):
    """The receiver on a free port, as a collector reaches it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application(), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(params=["folder", "http"])
def uplink(request, home, tmp_path):
    if request.param == "folder":
        return FolderUplink(settings().landing)
    return http_uplink(request.getfixturevalue("receiver"), tmp_path / "token")


def http_uplink(url: str, token_file: Path, collector: str = "gate-1"):
    tokens.issue(collector, token_file)
    return HttpUplink(HttpUplinkConfig(kind="http", url=url, token_file=token_file))


def sealed(stream, key: str) -> Path:
    stream.write([accepted(SOURCE, key, {"observed_at": None, "v": key}, b"raw", "2026-01-01T00:00:00Z")])
    return stream.seal()


def landed_place(name="000000000001.jsonl") -> Path:
    return settings().landing / "segments" / "gate-1" / SOURCE / name


def shipper(stream, uplink, keep=1 << 20):
    return Shipper(stream.folder.parent, "gate-1", uplink, keep)


def test_a_delivered_segment_is_there_whole_and_delivering_again_changes_nothing(stream, uplink):
    path = sealed(stream, "a")
    uplink.deliver(path, "gate-1", SOURCE)
    assert landed_place().read_bytes() == path.read_bytes()
    before = landed_place().stat()
    uplink.deliver(path, "gate-1", SOURCE)
    assert landed_place().stat().st_mtime_ns == before.st_mtime_ns
    assert [p.name for p in landed_place().parent.iterdir()] == ["000000000001.jsonl"]


def test_a_segment_that_was_landed_meanwhile_is_not_put_there_again(stream, uplink):
    path = sealed(stream, "a")
    uplink.deliver(path, "gate-1", SOURCE)
    done = landed_place().parent / "done"
    done.mkdir()
    landed_place().rename(done / path.name)
    uplink.deliver(path, "gate-1", SOURCE)
    assert not landed_place().exists()


def test_a_number_taken_by_other_content_is_refused_with_the_way_out(stream, uplink):
    path = sealed(stream, "a")
    landed_place().parent.mkdir(parents=True)
    landed_place().write_bytes(b"something else\n")
    with pytest.raises(NotTaken, match="new collector id"):
        uplink.deliver(path, "gate-1", SOURCE)


def test_a_segment_that_the_disk_has_changed_is_not_shipped(stream, uplink):
    path = sealed(stream, "a")
    path.write_bytes(path.read_bytes().replace(b"raw", b"rav"))
    with pytest.raises(DamagedSegment, match="disk has changed"):
        uplink.deliver(path, "gate-1", SOURCE)
    assert not landed_place().exists()


def test_the_heartbeat_travels_with_the_segments(stream, uplink):
    (stream.folder.parent / "heartbeat.json").write_bytes(b'{"state": "running"}')
    assert shipper(stream, uplink).ship_pending()
    assert (settings().landing / "heartbeats" / "gate-1.json").read_bytes() == b'{"state": "running"}'


def test_segments_leave_the_spool_after_confirmation_and_some_are_kept(stream, uplink):
    size = sealed(stream, "a").stat().st_size
    sealed(stream, "b")
    sealed(stream, "c")
    one = shipper(stream, uplink, keep=2 * size + 10)
    assert one.ship_pending()
    assert not list((stream.folder / "sealed").iterdir())
    assert sorted(p.name for p in (stream.folder / "shipped").iterdir()) == ["000000000002.jsonl", "000000000003.jsonl"]
    landed_place("000000000002.jsonl").unlink()
    one.ship_again(SOURCE, 2)
    assert landed_place("000000000002.jsonl").exists()
    with pytest.raises(LookupError, match="keep_shipped_bytes"):
        one.ship_again(SOURCE, 1)


def test_while_the_link_is_down_everything_waits_and_then_goes_in_order(stream, home, tmp_path):
    blocked = tmp_path / "mount"
    blocked.write_text("not a folder: the share is not mounted")
    one = shipper(stream, FolderUplink(blocked))
    for key in "abc":
        sealed(stream, key)
    assert not one.ship_pending()
    assert len(list((stream.folder / "sealed").iterdir())) == 3
    assert read_link(stream.folder.parent)["state"] == "down" and str(blocked) in one.link.error
    blocked.unlink()
    assert one.ship_pending() and one.link.shipped == {SOURCE: 3} and one.link.error is None


def test_a_refused_segment_holds_up_its_own_source_only(tmp_path, home):
    spool = Spool(tmp_path / "spool", 1 << 30, 1000)
    first = spool.stream(Origin("gate-1", SOURCE, "1.0.0", "test_vector"))
    other = spool.stream(Origin("gate-1", "environment__weather__ngsi", "1.0.0", "test_vector"))
    sealed(first, "a"), sealed(first, "b"), sealed(other, "c")
    landed_place().parent.mkdir(parents=True)
    landed_place().write_bytes(b"other")
    one = shipper(first, FolderUplink(settings().landing))
    assert not one.ship_pending() and one.link.state == "refused"
    assert len(list((first.folder / "sealed").iterdir())) == 2 and not list((other.folder / "sealed").iterdir())


def test_a_receiver_that_is_away_is_a_link_that_is_down(stream, home, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uplink = http_uplink(f"http://127.0.0.1:{probe.getsockname()[1]}", tmp_path / "token")
        with pytest.raises(LinkDown):
            uplink.deliver(sealed(stream, "a"), "gate-1", SOURCE)


def test_the_receiver_knows_each_collector_by_its_own_token(stream, receiver, tmp_path):
    path = sealed(stream, "a")
    foreign = http_uplink(receiver, tmp_path / "foreign", "gate-2")
    with pytest.raises(LinkDown, match="401 The token is not that of collector gate-1"):
        foreign.deliver(path, "gate-1", SOURCE)
    own = http_uplink(receiver, tmp_path / "own")
    own.deliver(path, "gate-1", SOURCE)
    tokens.issue("gate-1", tmp_path / "newer")
    with pytest.raises(LinkDown, match="401"):
        own.deliver(path, "gate-1", SOURCE)
    assert oct((settings().secrets / "collectors" / "gate-1.sha256").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    ("address", "headers", "body", "status"),
    [
        (f"segments/gate-1/{SOURCE}/1", {"X-Content-SHA256": "0" * 64}, b"x", 422),
        (f"segments/gate-1/{SOURCE}/1", {}, b"x", 422),
        (f"segments/gate-1/{SOURCE}/0", {"X-Content-SHA256": "0" * 64}, b"x", 422),
        ("segments/gate-1/%2e%2e/1", {"X-Content-SHA256": "0" * 64}, b"x", 422),
        (f"segments/..%2fgate-1/{SOURCE}/1", {"X-Content-SHA256": "0" * 64}, b"x", 404),
        ("heartbeats/gate-1", {}, b"not json", 422),
        ("heartbeats/gate-1", {}, b"0" * 300_000, 413),
    ],
)
def test_the_receiver_answers_bad_requests_and_stores_nothing(receiver, tmp_path, address, headers, body, status):
    client = http_uplink(receiver, tmp_path / "token").client
    answer = client.post(f"{receiver}/{address}", content=body, headers=headers)
    assert answer.status_code == status and answer.json()["detail"]
    assert not [p for p in settings().landing.rglob("*") if p.is_file()]


def test_the_shipper_ships_what_is_sealed_until_it_is_stopped(stream, home):
    stop, one = threading.Event(), shipper(stream, FolderUplink(settings().landing))
    thread = threading.Thread(target=one.run, args=(stop, 0.01))
    thread.start()
    try:
        sealed(stream, "a")
        for _ in range(500):
            if landed_place().exists():
                break
            time.sleep(0.01)
        with pytest.raises(SpoolInUse, match="another shipper"):
            shipper(stream, FolderUplink(settings().landing)).run(threading.Event())
    finally:
        stop.set()
        thread.join()
    assert landed_place().exists() and os.listdir(stream.folder / "sealed") == []
