"""Superset on a free port over gold tables of real readings: one per test run, stopped at its end."""

import atexit
import os
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from lakehouse.settings import settings
from tests.support import gold_fixture
from tests.support.superset_client import Reader

HIDDEN_STATION = "prsa-dongsi"  # its days are marked as test vectors


@dataclass
class Running:
    """The server, its data home, what setting it up cost (seconds), and readers by account."""

    address: str
    home: Path
    seconds: dict[str, float]
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
    begun = time.monotonic()
    done = setup.bootstrap()
    seconds = {"bootstrap": time.monotonic() - begun, **done["seconds"]}
    begun = time.monotonic()
    server.start()
    atexit.register(_stop, environment)
    return Running(server.process().address(), settings().data_home, seconds | {"server": time.monotonic() - begun}, environment)


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
