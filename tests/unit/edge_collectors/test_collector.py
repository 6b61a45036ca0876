"""The collector process in one event loop: real sockets, a real broker, answers only after the fdatasync."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from edge_collectors.collector import Collector
from edge_collectors.config import ConfigError, load
from edge_collectors.feeders.hj212_device import Hj212Device
from edge_collectors.feeders.hj212_messages import DeviceMessage
from edge_collectors.feeders.ngsi_messages import Publication
from edge_collectors.feeders.ngsi_publisher import NgsiPublisher
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import hj212
from lakehouse.settings import settings
from tests.support.broker import Broker, free_port, mosquitto

HJ212, NGSI, WEATHER = "environment__air_quality__hj212", "environment__air_quality__ngsi", "environment__weather__ngsi"
MN = "010000A8900016F000169DC0"
# HJ 212-2017 Annex C form, CRC by the project's own vector tests; the upload wants an answer (Flag bit 0).
READING = (
    b"QN=20240601085857223;ST=22;CN=2011;PW=123456;MN=%s;Flag=5;CP=&&DataTime=20240601085800;a34004-Rtd=35.2,a34004-Flag=N&&"
)


def packet(segment: bytes) -> bytes:
    return b"##%04d%s%s\r\n" % (len(segment), segment, hj212.crc(segment).to_bytes(2, "big").hex().upper().encode())


def reading(second: int = 0, st: str = "22") -> bytes:
    segment = READING.replace(b"085857223", b"0858%02d223" % second).replace(b"ST=22", b"ST=" + st.encode())
    return packet(segment % MN.encode())


@contextlib.asynccontextmanager
async def collector(tmp_path: Path, **parts):
    """A running collector; the last step of leaving it is its ordinary stop."""
    body = {"collector": "gate-1", "uplink": {"kind": "folder"}, "heartbeat": {"seconds": 0.1}, **parts}
    body["spool"] = {"folder": str(tmp_path / "spool"), "seal_seconds": 0.2, **parts.get("spool", {})}
    (tmp_path / "collector.yaml").write_text(yaml.safe_dump(body))
    one = Collector(load(tmp_path / "collector.yaml"))
    running = asyncio.create_task(one.run())
    await asyncio.sleep(0.2)
    try:
        yield one
    finally:
        one.stop()
        await running


@contextlib.asynccontextmanager
async def tcp_collector(tmp_path: Path, **parts):
    listener = {"source": HJ212, "port": free_port()}
    async with collector(tmp_path, hj212=[listener], **parts) as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener["port"])
        yield one, reader, writer
        writer.close()


def records(source: str = HJ212) -> list[dict]:
    place = settings().landing / "segments" / "gate-1" / source
    return [json.loads(line) for p in sorted(place.glob("*.jsonl")) for line in p.read_bytes().splitlines()[1:-1]]


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def answers(reader, number: int) -> list[hj212.Packet]:
    return [hj212.decode(await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)) for _ in range(number)]


def test_an_upload_is_answered_after_it_is_on_the_disk(home, tmp_path, monkeypatch):
    synced = []
    original = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (original(file), synced.append(os.fstat(file).st_size))[0])

    async def scene():
        async with tcp_collector(tmp_path) as (_, reader, writer):
            writer.write(reading())
            (answer,) = await answers(reader, 1)
            assert synced and synced[-1] > 500
            assert (answer.st, answer.cn, answer.qn, answer.mn) == ("91", "9014", "20240601085800223", MN)

    asyncio.run(scene())
    (stored,) = records()
    assert stored["state"] == "ok" and stored["payload"]["items"][0]["value"] == "35.2"
    assert stored["observed_at"] == "2024-06-01T00:58:00Z"


def test_a_repeat_is_answered_again_and_stored_once(home, tmp_path):
    async def scene():
        async with tcp_collector(tmp_path) as (one, reader, writer):
            writer.write(reading() + reading() + reading(1))
            await answers(reader, 3)
            counts = one.spool.streams[HJ212].counts
            assert (counts.received, counts.durable, counts.duplicate) == (3, 2, 1)

    asyncio.run(scene())
    assert len(records()) == 2


def test_refused_foreign_and_cut_packets_are_kept_and_commands_are_not_stored(home, tmp_path):
    wrong = reading().replace(b"35.2", b"35.3")
    heartbeat = packet(b"QN=20260706103512345;ST=22;CN=9015;PW=123456;MN=%s;Flag=8;CP=&&&&" % MN.encode())

    async def scene():
        async with tcp_collector(tmp_path) as (one, reader, writer):
            writer.write(wrong + reading(2, st="32") + heartbeat + b"##0150QN=2024")
            found = await answers(reader, 2)
            assert {p.cn for p in found} == {"9014", "9013"}
            assert one.listeners[0].state()["commands"] == 1
            writer.close()
            await until(lambda: one.spool.streams[HJ212].counts.durable == 3)

    asyncio.run(scene())
    kept = {(r["state"], r["raw"][:10]): r["reason"] for r in records()}
    assert "CRC" in kept["dead_letter", wrong.decode()[:10]]
    assert "ST=32" in kept["no_contract", reading(2, st="32").decode()[:10]]
    assert "length" in kept["dead_letter", "##0150QN=2"]
    assert len(kept) == 3


def test_ten_megabytes_without_an_end_are_bounded_and_the_next_device_is_served(home, tmp_path):
    async def scene():
        async with tcp_collector(tmp_path) as (one, _, writer):
            writer.write(b"A" * 10_000_000)
            await writer.drain()
            reader, other = await asyncio.open_connection("127.0.0.1", one.config.hj212[0].port)
            other.write(reading())
            assert (await answers(reader, 1))[0].cn == "9014"
            other.close()

    asyncio.run(scene())
    assert all(len(r["raw"]) <= hj212.MAX_FRAME for r in records())


def heartbeat(folder) -> dict:
    """What the collector last said of itself; nothing before it spoke."""
    file = folder / "spool" / "heartbeat.json"
    return json.loads(file.read_bytes()) if file.exists() else {}


def test_a_full_spool_answers_nobody_and_says_so_until_there_is_room(home, tmp_path):
    """The share is not mounted, the bound is reached: devices get no answer; then the link comes back."""
    landing = tmp_path / "mount"
    landing.write_text("no folder")

    async def scene():
        parts = {"uplink": {"kind": "folder", "landing": str(landing)}, "spool": {"max_bytes": 1 << 20, "seal_bytes": 100_000}}
        async with tcp_collector(tmp_path, **parts) as (one, _, writer):
            writer.write(b"".join(_minute(n) for n in range(1500)))
            await until(lambda: heartbeat(tmp_path).get("state") == "back_pressure")
            beat = heartbeat(tmp_path)
            assert "spool.max_bytes" in beat["problem"]
            assert beat["spool"]["unshipped_bytes"] <= 1 << 20
            before = one.spool.streams[HJ212].counts.durable
            landing.unlink()
            await until(lambda: one.spool.streams[HJ212].counts.durable == 1500)
            assert before < 1500

    asyncio.run(scene())


def _minute(number: int) -> bytes:
    items = ";".join(f"a34{i:03d}-Avg={number}.{i},a34{i:03d}-Flag=N" for i in range(20))
    qn = f"20240601{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}000"
    segment = f"QN={qn};ST=22;CN=2051;PW=123456;MN={MN};Flag=5;CP=&&DataTime={qn[:14]};{items}&&"
    return packet(segment.encode())


def test_a_device_that_keeps_its_messages_gets_all_confirmed(home, tmp_path):
    messages = [DeviceMessage(f"{MN},{n}", MN, f"202406010858{n:02d}223", (reading(n),)) for n in range(50)]

    async def scene():
        async with tcp_collector(tmp_path) as (one, _, _writer):
            device = Hj212Device("127.0.0.1", one.config.hj212[0].port, PublisherLog(tmp_path / "log"), window=10)
            assert await asyncio.to_thread(device.run, messages) == 50

    asyncio.run(scene())
    assert [r["seq"] for r in records()] == list(range(1, 51))


@pytest.fixture
def broker(tmp_path):
    if not mosquitto():
        if os.environ.get("CI"):
            pytest.fail("mosquitto is missing; install the package mosquitto")
        pytest.skip("mosquitto is not installed")
    started = Broker(tmp_path / "broker").start()
    yield started
    started.kill()


def entity(number: int, kind: str = "AirQualityObserved") -> bytes:
    body = {"id": f"urn:ngsi-ld:{kind}:{number}", "type": kind, "dateObserved": f"2024-06-01T00:{number:02d}:00Z"}
    measure = {"AirQualityObserved": {"pm25": 35.2}, "WeatherObserved": {"temperature": 21.5}}[kind]
    return json.dumps({**body, **measure}).encode()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_publishers_get_their_confirmation_from_the_collector(home, tmp_path, broker, version):
    messages = [Publication(f"m{n}", NGSI, "d1", entity(n), "application/json") for n in range(40)]
    messages += [Publication("w1", WEATHER, "d1", entity(1, "WeatherObserved"), "application/json")]
    messages += [Publication("bad", NGSI, "d1", b'{"id": 5', "application/json")]

    async def scene():
        part = {"port": broker.port, "version": version, "sources": [NGSI, WEATHER]}
        async with collector(tmp_path, mqtt=[part]):
            log = PublisherLog(tmp_path / "log")
            publisher = NgsiPublisher("127.0.0.1", broker.port, "feeder-1", log, version, window=100)
            assert await asyncio.to_thread(publisher.run, messages) == 42

    asyncio.run(scene())
    assert len([r for r in records(NGSI) if r["state"] == "ok"]) == 40
    (bad,) = [r for r in records(NGSI) if r["state"] == "dead_letter"]
    assert bad["raw"] == '{"id": 5' and bad["reason"]
    assert len(records(WEATHER)) == 1


def test_a_broker_that_dies_is_found_again_and_a_resend_is_stored_once(home, tmp_path, broker):
    log = PublisherLog(tmp_path / "log")
    messages = [Publication(f"m{n}", NGSI, "d1", entity(n), "application/json") for n in range(60)]

    async def scene():
        async with collector(tmp_path, mqtt=[{"port": broker.port, "sources": [NGSI]}]) as one:
            publisher = NgsiPublisher("127.0.0.1", broker.port, "f1", log, window=5, resend_after_s=1.0, per_second=40)
            stop = threading.Event()
            running = asyncio.create_task(asyncio.to_thread(publisher.run, messages, stop))
            await asyncio.sleep(0.5)
            broker.kill()
            broker.start()
            await asyncio.wait_for(running, 60)
            assert one.spool.streams[NGSI].counts.durable == 60

    asyncio.run(scene())
    assert log.confirmed == {f"m{n}" for n in range(60)} and len(records(NGSI)) == 60


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("collector: g\nuplink: {kind: folder}\n", "name at least one listener"),
        ("collector: G 1\nuplink: {kind: folder}\nhj212: []\n", "collector: use 1 to 63 lower-case letters"),
        ("collector: g\nuplink: {kind: pigeon}\n", "uplink: .*'folder', 'http'"),
        (f"collector: g\nuplink: {{kind: folder}}\nhj212: [{{source: {HJ212}, port: 99999}}]\n", "hj212.0.port: .*65535"),
        ("collector: g\nuplink: {kind: folder}\nhj212: [{source: water, port: 1}]\n", "'water' is no edge source .* there are"),
        (f"collector: g\nuplink: {{kind: folder}}\nhj212: [{{source: {HJ212}, port: 1, zone: Mars}}]\n", "no IANA time zone"),
        (
            "collector: g\nuplink: {kind: folder}\nmqtt: [{sources: []}]\nspeed: 3\n",
            "mqtt.0.sources: .*1 item.* \\(and 1 more\\)",
        ),
        ("- a list", "is a mapping"),
        ("a: [", "not readable as YAML"),
    ],
)
def test_a_wrong_configuration_gets_one_sentence(tmp_path, body, sentence):
    path = tmp_path / "collector.yaml"
    path.write_text(body)
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(p.name for p in (Path(__file__).parents[3] / "samples" / "edge").glob("*.yaml")))
def test_the_examples_are_valid(name):
    assert load(Path(__file__).parents[3] / "samples" / "edge" / name).sources


def test_system_types_are_those_of_the_mapping_unless_the_file_names_others(tmp_path):
    listeners = f"[{{source: {HJ212}, port: 1}}, {{source: {HJ212}, port: 2, system_types: ['31']}}]"
    body = f"collector: g\nuplink: {{kind: folder}}\nhj212: {listeners}"
    (tmp_path / "collector.yaml").write_text(body)
    assert [one.system_types for one in load(tmp_path / "collector.yaml").hj212] == [("22",), ("31",)]


def test_a_gateway_loads_neither_spark_nor_the_lake():
    """The collector runs on small machines: no pyspark, no Delta, no DuckDB, no stage of the lake."""
    heavy = "('pyspark', 'deltalake', 'duckdb', 'pyarrow', 'ingestion', 'lakehouse.tables')"
    code = f"import sys, edge_collectors.collector, edge_collectors._cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
