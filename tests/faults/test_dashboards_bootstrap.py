"""Setting Superset up, killed in the middle of its migrations and started again."""

import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from dashboards import inside, setup
from lakehouse.settings import settings
from publishing import serving
from tests.support import gold_fixture
from tests.support.dashboards_server import made_or_skip

pytestmark = [pytest.mark.faults, pytest.mark.slow]
BEGUN_WITHIN = 120  # seconds


def migrations_begun(database: Path) -> bool:
    """The first tables are there; the many migrations after them take seconds more."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
            tables = {name for (name,) in reader.execute("select name from sqlite_master")}
    except sqlite3.Error:
        return False
    return "alembic_version" in tables and "slices" in tables


def test_killed_migration_is_begun_again(home: Path) -> None:
    made_or_skip()
    gold_fixture.write(settings().data_home, gold_fixture.source_folder(None), start="2016-12-01")
    serving.run(serving.plan())
    setup.build_assets()
    command = [inside.python(), "-m", "dashboards.bootstrap", setup.assets_folder()]
    process = subprocess.Popen(
        command, env=os.environ | inside.variables(), cwd=inside.home(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + BEGUN_WITHIN
    while not migrations_begun(inside.home() / "superset.db"):
        assert process.poll() is None and time.monotonic() < deadline, "the migrations did not begin"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (inside.home() / "migrated").exists()
    done = setup.bootstrap()
    assert done is not None and min(done["rows"].values()) > 0
    assert setup.bootstrap() is None
