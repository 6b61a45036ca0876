"""What a collector says of itself when something is in its way: the state, and one sentence."""

import asyncio
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from edge_collectors import heartbeat
from edge_collectors.collector import Collector
from edge_collectors.config import load
from edge_collectors.spool import Spool
from tests.support.broker import Broker, free_port, mosquitto

HJ212, NGSI = "environment__air_quality__hj212", "environment__air_quality__ngsi"


def said(folder) -> dict:
    return json.loads((folder / "spool" / "heartbeat.json").read_bytes())


async def until_said(folder, sentence: str) -> dict:
    async with asyncio.timeout(20):
        while True:
            await asyncio.sleep(0.05)
            path = folder / "spool" / "heartbeat.json"
            if path.exists() and sentence in str(said(folder)["problem"]):
                return said(folder)


def configured(folder, **parts):
    body = {"collector": "g", "uplink": {"kind": "folder"}, "heartbeat": {"seconds": 0.05}, "spool": {"folder": "spool"}, **parts}
    (folder / "collector.yaml").write_text(yaml.safe_dump(body))
    return folder / "collector.yaml"


def beat_until(folder, sentence: str, **parts) -> dict:
    async def scene():
        one = Collector(load(configured(folder, **parts)))
        running = asyncio.create_task(one.run())
        try:
            return await until_said(folder, sentence)
        finally:
            one.stop()
            await running

    return asyncio.run(scene())


def test_a_broker_that_is_not_there_is_said(home, tmp_path):
    port = free_port()
    found = beat_until(tmp_path, f"No broker has answered at 127.0.0.1:{port}", mqtt=[{"port": port, "sources": [NGSI]}])
    assert found["state"] == "broker_down"


def test_a_broker_that_refuses_the_password_is_said_with_the_user(home, tmp_path):
    if not mosquitto():
        if os.environ.get("CI"):
            pytest.fail("mosquitto is missing; install the package mosquitto")
        pytest.skip("mosquitto is not installed")
    broker = Broker(tmp_path / "broker")
    config = tmp_path / "broker" / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    (tmp_path / "password").write_text("wrong")
    broker.start()
    part = {"port": broker.port, "sources": [NGSI], "user": "gw", "password_file": "password"}
    try:
        found = beat_until(tmp_path, "refuses user gw: Not authorized", mqtt=[part])
    finally:
        broker.kill()
    assert found["state"] == "broker_down" and "mend mqtt.user and mqtt.password_file" in found["problem"]


def test_a_disk_without_room_is_said_on_that_disk(home, tmp_path, monkeypatch):
    """The file is written over in the room that it has."""
    spool = Spool(tmp_path / "spool", 1 << 20, 10)
    long, short = {"state": "running", "problem": "x" * 300}, {"state": "back_pressure", "problem": "No space left on device"}
    heartbeat.write(spool, long)
    monkeypatch.setattr(heartbeat, "replace_file", _no_space)
    heartbeat.write(spool, short)
    assert said(tmp_path) == short


def _no_space(path, body):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"hj212": [{"source": HJ212, "port": 1}], "spool": {"folder": "collector.yaml"}}, "collector.yaml: .*; mend the path"),
        (
            {"mqtt": [{"port": 1, "sources": [NGSI], "user": "g", "password_file": "gone"}]},
            "gone: No such file or directory; mend the path in the collector's file",
        ),
    ],
)
def test_a_file_that_cannot_be_had_is_named(home, tmp_path, parts, sentence):
    command = [sys.executable, "-m", "lakehouse.cli", "collect", "--config", str(configured(tmp_path, **parts))]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1 and re.search(f"^lake: .*{sentence}", ended.stderr, re.MULTILINE)
