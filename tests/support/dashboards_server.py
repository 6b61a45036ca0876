"""Superset on a free port over gold tables of real readings: one per test run, stopped at its end.

Setting it up is killed in the middle of its migrations and begun again: all tests of dashboards run on what that left.
"""

import atexit
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from lakehouse.settings import settings
from tests.support import gold_fixture
from tests.support.superset_client import Reader

BEGUN_WITHIN = 120  # seconds
HIDDEN_STATION = "prsa-dongsi"  # its days are marked as test vectors


@dataclass
class Running:
    """The server, its data home, what setting it up cost (seconds) and found (rows by chart), and readers by account.

    `killed`: how the first attempt ended, and whether it had got through its migrations.
    """

    address: str
    home: Path
    seconds: dict[str, float]
    rows: dict[str, int]
    killed: tuple[int, bool]
    environment: dict[str, str]
    readers: dict[str | None, Reader] = field(default_factory=dict)

    def reader(self, name: str | None = None) -> Reader:
        from lakehouse import accounts

        if name not in self.readers:
            self.readers[name] = Reader(self.address, name, accounts.all_accounts()[name].first_password if name else None)
        return self.readers[name]


@cache
def running() -> Running:
    """Start it (about half a minute). The caller sets `Running.environment` while it talks to it."""
    folder = Path(tempfile.mkdtemp(prefix="lake-dashboards-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {
        "LAKE_DATA_HOME": str(folder / "data"),
        "LAKE_SECRETS_HOME": str(folder / "secrets"),
        "LAKE_DASHBOARDS_PORT": str(free_port()),
    }
    with settings_of(environment):
        return _started(folder, environment)


def _started(folder: Path, environment: dict[str, str]) -> Running:
    from dashboards import server, setup
    from publishing import serving

    reference = os.environ.get("LAKE_REFERENCE_DATA")
    source = gold_fixture.source_folder(Path(reference) if reference else None)
    gold_fixture.write(settings().data_home, source, test_vectors=(HIDDEN_STATION,))
    serving.run(serving.plan())
    killed = _kill_in_migration()
    begun = time.monotonic()
    done = setup.bootstrap()
    assert done is not None
    seconds = {"bootstrap": time.monotonic() - begun, **done["seconds"]}
    begun = time.monotonic()
    server.start()
    atexit.register(_stop, environment)
    seconds["server"] = time.monotonic() - begun
    return Running(server.process().address(), settings().data_home, seconds, done["rows"], killed, environment)


def _kill_in_migration() -> tuple[int, bool]:
    from dashboards import inside, setup

    setup.build_assets()
    command = [inside.python(), "-m", "dashboards.bootstrap", setup.assets_folder()]
    process = subprocess.Popen(
        command, env=os.environ | inside.variables(), cwd=inside.home(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + BEGUN_WITHIN
    while not _migrations_begun(inside.home() / "superset.db"):
        assert process.poll() is None and time.monotonic() < deadline, "the migrations did not begin"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    return process.wait(), (inside.home() / "migrated").exists()


def _migrations_begun(database: Path) -> bool:
    """The first tables are there; the many migrations after them take seconds more."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
            tables = {name for (name,) in reader.execute("select name from sqlite_master")}
    except sqlite3.Error:
        return False
    return "alembic_version" in tables and "slices" in tables


def _stop(environment: dict[str, str]) -> None:
    from dashboards import server

    with settings_of(environment):
        server.stop()


class settings_of:
    """The settings of another home, for the length of a `with`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.patch, self.environment = pytest.MonkeyPatch(), environment

    def __enter__(self) -> None:
        for name, value in self.environment.items():
            self.patch.setenv(name, value)
        settings.cache_clear()

    def __exit__(self, *_error) -> None:
        self.patch.undo()
        settings.cache_clear()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def made_or_skip() -> None:
    """Skip where Superset's environment is not made (never under CI)."""
    if not (settings().toolchain / "superset" / "bin" / "python").exists():
        if os.environ.get("CI"):
            pytest.fail("the dashboards' environment is missing: ./lake test makes it")
        pytest.skip("the dashboards' environment is not made")
