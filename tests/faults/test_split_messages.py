"""Split HJ 212 messages while the collector is killed (SIGKILL) again and again, also inside a write of a part."""

import json
import os
import random
import subprocess
import sys
import threading
import time

import pytest
import yaml

from edge_collectors.feeders.hj212_device import Hj212Device
from edge_collectors.feeders.hj212_messages import DeviceMessage
from edge_collectors.feeders.publisher_log import PublisherLog
from edge_collectors.protocols import hj212
from tests.support.broker import free_port

SOURCE = "environment__air_quality__hj212"
MN = "010000A8900016F000169DC0"
ITEMS = ";".join(f"a{number:05d}-Avg={number}.5,a{number:05d}-Flag=N" for number in range(1, 81))
MESSAGES, KILLS, SEED = 1400, 10, 5  # one a minute, within a day


def messages():
    for number in range(MESSAGES):
        qn = f"20260301{number // 60:02d}{number % 60:02d}00001"
        fields = {"st": "22", "cn": "2061", "pw": "123456", "mn": MN, "qn": qn, "flag": 5}
        parts = hj212.encode_split(cp=f"DataTime={qn[:12]}00;{ITEMS}", **fields)
        yield DeviceMessage(qn, MN, qn, tuple(parts))


@pytest.mark.faults
@pytest.mark.slow
def test_no_part_that_was_answered_is_lost_and_no_message_doubled(tmp_path):
    """The device goes on behind the last part that was answered, so a lost part would leave its message incomplete."""
    port, chance = free_port(), random.Random(SEED)
    body = {"collector": "g", "uplink": {"kind": "folder", "landing": str(tmp_path / "landing")}}
    body |= {"spool": {"folder": str(tmp_path / "spool"), "seal_seconds": 0.5}, "hj212": [{"source": SOURCE, "port": port}]}
    (tmp_path / "collector.yaml").write_text(yaml.safe_dump(body))
    log, stop = PublisherLog(tmp_path / "device.log"), threading.Event()
    device = Hj212Device("127.0.0.1", port, log, over_time_s=2.0, window=8)
    sending = threading.Thread(target=device.run, args=(messages(), stop))
    sending.start()
    deaths = 0
    try:
        while sending.is_alive():
            point = chance.choice(("spool.half_write", "spool.before_sync")) if deaths < KILLS else ""
            process = _collect(tmp_path, f"{point}:{chance.randrange(20, 120)}" if point else "-")
            while process.poll() is None and sending.is_alive():
                time.sleep(0.02)
            deaths += process.poll() == -9
    finally:
        stop.set()
        sending.join()
        process.terminate()
        process.wait(30)
    stored = [record for path in sorted((tmp_path / "landing").rglob("0*.jsonl")) for record in _records(path)]
    assert [record["reason"] for record in stored if record["state"] != "ok"] == []
    assert sorted(record["payload"]["meta"]["qn"] for record in stored) == [message.qn for message in messages()]
    assert {len(record["payload"]["items"]) for record in stored} == {80}
    assert deaths == KILLS and len(log.confirmed) == MESSAGES


def _collect(folder, crash_point: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.faults.crashing", crash_point, "collect", "--config", str(folder / "collector.yaml")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "LAKE_DATA_HOME": str(folder)})


def _records(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()[1:-1]]
