"""The demo's devices, stopped by Ctrl-C while they send and started again: every hour arrives, no process is left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from lakehouse import cli, demo, services, tables
from lakehouse.settings import settings

pytestmark = pytest.mark.faults
BRONZE = "bronze.environment__air_quality__hj212"
STOPPED_AFTER = 40  # confirmed packets
WITHIN = 60  # seconds
STEP = 0.02  # seconds that devices and collector run between two looks, so that a busy machine cannot let them finish unseen


def start() -> subprocess.Popen:
    program = "from lakehouse import demo; demo.replay_devices()"
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL, preexec_fn=hear_ctrl_c)


def hear_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and so all that comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def confirmed(log: Path) -> int:
    return log.read_text().count("confirmed_at") if log.exists() else 0


def test_devices_stopped_while_they_send(home: Path) -> None:
    folder = settings().data_home / "demo"
    running = start()
    deadline = time.monotonic() + WITHIN
    while confirmed(folder / "devices.jsonl") < STOPPED_AFTER:
        assert running.poll() is None and time.monotonic() < deadline
        os.killpg(running.pid, signal.SIGCONT)
        time.sleep(STEP)
        os.killpg(running.pid, signal.SIGSTOP)
    os.killpg(running.pid, signal.SIGINT)
    os.killpg(running.pid, signal.SIGCONT)
    assert running.wait(WITHIN) == -signal.SIGINT
    before = confirmed(folder / "devices.jsonl")
    assert not (folder / "replayed").exists() and not services.port_taken(port(folder))
    again = start()
    assert again.wait(WITHIN) == 0
    assert (folder / "replayed").exists() and not services.port_taken(port(folder))
    assert cli.call("land") == 0
    assert before < sent_hours()
    hours = Counter((p["device"], p["observed_at"]) for p in map(json.loads, tables.read(BRONZE)["payload"].to_pylist()))
    assert len(hours) == sent_hours()


def port(folder: Path) -> int:
    return yaml.safe_load((folder / "collector.yaml").read_text())["hj212"][0]["port"]


def sent_hours() -> int:
    """Rows of the last two weeks of both files in which at least one pollutant was measured."""
    pollutants = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3")
    found = 0
    for file in demo.sample_files():
        last = demo.last_hours(file, settings().data_home / "read-by-the-test.csv").read_text().splitlines()
        names = [name.strip('"') for name in last[0].split(",")]
        for line in last[1:]:
            row = dict(zip(names, line.split(","), strict=True))
            found += any(row[p] != "NA" for p in pollutants)
    return found
