"""The same pipeline on a standalone cluster of one master and two workers: the same checksums as in one process."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from lakehouse import tables
from lakehouse.checksums import checksum
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from tests.support.received import PRSA, line
from tests.support.spark_cluster import cluster

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CLOCK = "2017-02-28T17:00:00+00:00"
SAMPLES = settings().checkout / "samples"
BAD_ROWS = [
    {"at": datetime(2017, 2, 1, 3, tzinfo=UTC), "PM2.5": -1, "PM10": 40},  # below zero
    {"at": datetime(2017, 2, 1, 4, tzinfo=UTC), "station": "Nowhere", "PM2.5": 12},
    {"at": datetime(2017, 2, 1, 5, tzinfo=UTC), "TEMP": 99},
]
LAYERS = ("silver", "quarantine", "gold")


def inbox(home: Path) -> None:
    """One station over 14 months, a day of rows that break rules, two days of another domain."""
    prsa, noise = (home / "inbox" / name for name in (PRSA, "template__noise__file"))
    for folder in (prsa, noise):
        folder.mkdir(parents=True)
    shutil.copy(next(SAMPLES.glob("prsa/*Dongsi*.csv.gz")), prsa)
    shutil.copy(SAMPLES / "template" / "noise.csv", noise)
    lines = [contracts().sources[PRSA].columns, *(line(row) for row in BAD_ROWS)]
    (prsa / "bad.csv").write_text("".join(",".join(values) + "\n" for values in lines), encoding="ascii")


def run(home: Path, master: str) -> None:
    """`lake run` in a process of its own, from the inbox to the serving file."""
    inbox(home)
    environment = os.environ | {
        "LAKE_DATA_HOME": str(home), "LAKE_SECRETS_HOME": str(home / "secrets"), "LAKE_AS_OF": CLOCK, "LAKE_SPARK_MASTER": master,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "lakehouse.cli", "run"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def checksums(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("LAKE_DATA_HOME", str(home))
    settings.cache_clear()
    return {name: checksum(name) for layer in LAYERS for name in tables.names(layer)}


def test_a_cluster_gives_the_checksums_of_the_local_run(home, tmp_path, monkeypatch):
    run(tmp_path / "local", "local[2]")
    with cluster(tmp_path / "cluster") as spark:
        run(tmp_path / "clustered", spark.master)
        (session,) = spark.completed()
    assert session["name"] == "lake" and session["cores"] == 2
    assert min(spark.finished_tasks()) > 0, "a worker that did nothing proves nothing"
    expected = checksums(tmp_path / "local", monkeypatch)
    assert checksums(tmp_path / "clustered", monkeypatch) == expected
    assert_complete(expected)


def assert_complete(found: dict[str, str]) -> None:
    """Every silver, quarantine and gold dataset of this input is there and holds rows, those of both engines."""
    silver = ["environment__air_quality", "environment__weather", "template__noise"]
    assert {n.partition(".")[2] for n in found if n.startswith("quarantine.")} == set(silver)
    gold = {d.table for d in contracts().of_layer("gold") if d.domain in ("environment", "template")}
    assert found.keys() >= gold | {f"silver.{d}" for d in [*silver, "environment__pm25_forecasts"]}
    assert sha256(b"").hexdigest() not in found.values(), "a table without rows proves nothing"
