"""Split HJ 212 messages at a running collector: each part is durable before its answer, and no part is lost."""

import asyncio
import contextlib
import json
import os
from pathlib import Path

import pytest
import yaml

from edge_collectors import tcp_listener
from edge_collectors.collector import Collector
from edge_collectors.config import load
from edge_collectors.parts import PartsFile
from edge_collectors.protocols import hj212
from lakehouse.settings import settings
from tests.support.broker import free_port

SOURCE = "environment__air_quality__hj212"
DEVICE = {"st": "22", "pw": "123456", "mn": "010000A8900016F000169DC0"}
ITEMS = [f"a{number:05d}-Avg={number}.5,a{number:05d}-Flag=N" for number in range(1, 81)]


def message(minute: int = 0) -> list[bytes]:
    """An hour of 80 items, which needs three packets of at most 950 bytes of content."""
    cp = ";".join((f"DataTime=2026030108{minute:02d}00", *ITEMS))
    parts = hj212.encode_split(cn="2061", qn=f"2026030109{minute:02d}00001", cp=cp, flag=5, **DEVICE)
    assert len(parts) == 3
    return parts


@contextlib.asynccontextmanager
async def collector(folder: Path, port: int, **spool):
    body = {"collector": "gate-1", "uplink": {"kind": "folder"}, "hj212": [{"source": SOURCE, "port": port}]}
    body["spool"] = {"folder": str(folder / "spool"), "seal_seconds": 0.2, **spool}
    (folder / "collector.yaml").write_text(yaml.safe_dump(body))
    one = Collector(load(folder / "collector.yaml"))
    running = asyncio.create_task(one.run())
    reader, writer = await connected(port)
    try:
        yield one, reader, writer
    finally:
        writer.close()
        one.stop()
        await running


async def connected(port: int):
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.02)


async def ask(reader, writer, part: bytes) -> hj212.Packet:
    """Send a part and wait for its answer, as a device does that sends the next one only then."""
    writer.write(part)
    return hj212.decode(await asyncio.wait_for(reader.readuntil(b"\r\n"), 5))


def kept_parts(folder: Path) -> list[bytes]:
    (path,) = (folder / "spool" / SOURCE / "parts").iterdir()
    return [part + b"\r\n" for part in hj212.frames(path.read_bytes())[0]]


def records() -> list[dict]:
    place = settings().landing / "segments" / "gate-1" / SOURCE
    return [json.loads(line) for p in sorted(place.glob("*.jsonl")) for line in p.read_bytes().splitlines()[1:-1]]


def test_a_device_that_waits_for_each_answer_gets_it_when_the_part_is_on_the_disk(home, tmp_path, monkeypatch):
    synced: set[int] = set()
    original = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (original(file), synced.add(os.fstat(file).st_ino))[0])

    async def scene():
        async with collector(tmp_path, free_port()) as (one, reader, writer):
            for number, part in enumerate(message(), 1):
                answer = await ask(reader, writer, part)
                assert (answer.cn, answer.st, answer.qn, answer.pno) == ("9014", "91", "20260301090000001", None)
                assert kept_parts(tmp_path) == message()[:number]
                assert one.listeners[0].parts.path.stat().st_ino in synced
                assert one.listeners[0].state()["incomplete"] == (number < 3)
            await ask(reader, writer, message()[1])
            assert one.spool.streams[SOURCE].counts.durable == 1

    asyncio.run(scene())
    (stored,) = records()
    assert [i["value"] for i in stored["payload"]["items"]] == [f"{number}.5" for number in range(1, 81)]
    assert stored["raw"].encode() + b"\r\n" == b"".join(message())


def test_parts_that_were_answered_before_a_crash_are_joined_with_those_after_it(home, tmp_path):
    port = free_port()

    async def before():
        async with collector(tmp_path, port) as (_, reader, writer):
            for part in message()[:2]:
                await ask(reader, writer, part)

    async def after():
        async with collector(tmp_path, port) as (one, reader, writer):
            await ask(reader, writer, message()[2])
            await ask(reader, writer, message()[2])
            assert one.spool.streams[SOURCE].counts.durable == 1

    async def later():
        async with collector(tmp_path, port) as (one, reader, writer):
            await ask(reader, writer, message()[2])
            assert one.listeners[0].state()["incomplete"] == 0, "a repeat of what is whole waits for nothing"
            counts = one.spool.streams[SOURCE].counts
            assert (counts.durable, counts.duplicate) == (0, 1)

    for scene in (before, after, later):
        asyncio.run(scene())
    (stored,) = records()
    assert stored["state"] == "ok" and len(stored["payload"]["items"]) == 80


def test_a_part_that_never_comes_makes_a_dead_letter_of_the_others(home, tmp_path, monkeypatch):
    monkeypatch.setattr(tcp_listener, "_SWEEP_SECONDS", 0.05)

    async def scene():
        async with collector(tmp_path, free_port()) as (one, reader, writer):
            one.listeners[0].intake.assembler = hj212.Assembler(timeout_s=0.3)
            await ask(reader, writer, message()[0])
            await ask(reader, writer, message()[2])
            await ask(reader, writer, message(1)[0])
            async with asyncio.timeout(10):
                while one.spool.streams[SOURCE].counts.dead_letter < 2 or kept_parts(tmp_path):
                    await asyncio.sleep(0.02)

    asyncio.run(scene())
    first, second = records()
    assert first["raw"].encode() + b"\r\n" == message()[0] + message()[2]
    assert "Of the 3 parts of message QN=20260301090000001" in first["reason"] and "only 1, 3 had come" in first["reason"]
    assert second["raw"].encode() + b"\r\n" == message(1)[0] and "only 1 had come" in second["reason"]


def test_parts_of_a_listener_that_is_no_more_are_taken_over(home, tmp_path):
    async def scene(part):
        async with collector(tmp_path, free_port()) as (_, reader, writer):
            await ask(reader, writer, part)

    for part in message():
        asyncio.run(scene(part))
    (stored,) = records()
    assert len(stored["payload"]["items"]) == 80


def test_a_full_spool_answers_no_part_either(home, tmp_path):
    (tmp_path / "mount").write_text("no folder")

    async def scene():
        async with collector(tmp_path, free_port()) as (one, reader, writer):
            one.spool.max_bytes = 1000
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.7):
                    await ask(reader, writer, message()[0])
            assert kept_parts(tmp_path) == [] and "spool.max_bytes" in one.commits[SOURCE].problem
            one.spool.max_bytes = 1 << 20
            assert hj212.decode(await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)).cn == "9014"
            assert kept_parts(tmp_path) == message()[:1]

    asyncio.run(scene())


def test_a_part_torn_by_a_crash_or_a_full_disk_is_cut_off(tmp_path, monkeypatch):
    first, second, third = (part.rstrip() for part in message())
    path = tmp_path / "parts" / "0.0.0.0-9212"
    kept = PartsFile(path, lambda size: None)
    kept.append([first])
    path.write_bytes(path.read_bytes() + second[:500])
    kept = PartsFile(path, lambda size: None)
    assert kept.read() == [first]
    original = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: original(file, bytes(data)[:300]) and _no_space())
        with pytest.raises(OSError):
            kept.append([second])
    kept.append([third])
    assert kept.read() == PartsFile(path, lambda size: None).read() == [first, third]


def _no_space():
    raise OSError(28, "No space left on device")
