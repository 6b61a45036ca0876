"""Deliveries of files that name persons are killed again and again: in the end each row is there once, and no file in clear."""

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion import stage
from ingestion.batch import delivery, raw_file
from lakehouse import cli, tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from tests.support.sample_city import build

pytestmark = [pytest.mark.faults, pytest.mark.slow]
DEPARTMENTS = ("HC", "CA", "EDU", "DPF")
KILLS, SEED = 6, 20141231
ANSWERS_BETWEEN, LAST_SECONDS = 3, 0.05
"""Each process is killed so many answers after the one before it, a random moment later: in the middle of the next file."""


def deliver_and_kill(folder: Path, answers: int, seconds: float) -> bool:
    """Whether it was killed before it was done, so many seconds after its answers."""
    command = [sys.executable, "-u", "-m", "lakehouse.cli", "deliver", "--folder", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        for _ in range(answers):
            process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode != 0


def rows() -> dict[str, list[tuple]]:
    """Identity and place of every row of bronze."""
    kept = ("_record_id", "_delivery_id", "_row_no")
    found = {name: tables.read(name, kept).to_pylist() for name in tables.names("bronze")}
    return {name: sorted(tuple(row.values()) for row in table) for name, table in found.items()}


def numbers(folder: Path) -> set[bytes]:
    """Citizen numbers of the city that stand in files as they are."""
    bodies = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {number for body in bodies for number in re.findall(rb"(?<![0-9])9901[0-9]{13}[0-9X]", body)}


def test_killed_deliveries_land_each_row_once_and_leave_nothing_in_clear(home, tmp_path, monkeypatch):
    city = build(tmp_path / "city")
    sent = tmp_path / "sent"
    for department in DEPARTMENTS:
        shutil.copytree(city / "extracts" / "990122" / department, sent / department)
    chance = random.Random(SEED)
    moments = [(n * ANSWERS_BETWEEN, chance.uniform(0, LAST_SECONDS)) for n in range(1, KILLS + 1)]
    assert all(deliver_and_kill(sent, *moment) for moment in moments)
    stage.run(stage.plan() or {"inbox": [], "pending": [], "segments": []})
    assert cli.call("deliver", "--folder", str(sent)) == 0
    landed = rows()
    assert delivery.pending() == [] and numbers(sent) and not numbers(home)
    assert all(raw_file.is_there(one) for one in delivery.deliveries())
    monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path / "undisturbed"))
    settings.cache_clear()
    assert cli.call("deliver", "--folder", str(sent)) == 0
    assert landed == rows() and sum(map(len, landed.values())) > 4_000
    assert all(len(set(table)) == len(table) for table in landed.values())
    assert set(landed) <= {source.bronze_table for source in contracts().sources.values()}
