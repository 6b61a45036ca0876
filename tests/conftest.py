"""Fixtures that all tests share: a lake of one's own, the one Spark session of the run, the reference data."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as examples

from lakehouse.settings import settings

examples.register_profile("suite", deadline=None)  # a busy machine is no fault of the example
examples.load_profile("suite")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data home; the toolchain is shared with the checkout's."""
    monkeypatch.setenv("LAKE_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "secrets"))
    monkeypatch.delenv("LAKE_AS_OF", raising=False)
    settings.cache_clear()
    (tmp_path / "data").mkdir()
    yield tmp_path / "data"
    settings.cache_clear()


@pytest.fixture
def lakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Path]]:
    """A fresh lake for each call; all share their secrets."""
    numbers = iter(range(100))

    def fresh() -> Path:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        monkeypatch.setenv("LAKE_DATA_HOME", str(folder))
        monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "secrets"))
        settings.cache_clear()
        return folder

    yield fresh
    settings.cache_clear()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory):
    """The one session of the run, started by the first test that asks for it."""
    scratch = tmp_path_factory.mktemp("spark")
    before = os.environ.get("LAKE_DATA_HOME")
    os.environ["LAKE_DATA_HOME"] = str(scratch)
    settings.cache_clear()
    from lakehouse.session import spark_session

    try:
        session = spark_session()
    finally:
        os.environ.pop("LAKE_DATA_HOME")
        if before:
            os.environ["LAKE_DATA_HOME"] = before
        settings.cache_clear()
    yield session
    session.stop()


@pytest.fixture
def spark_lake(home: Path, spark):
    """The session with the tables of this test's own lake, and of no other, registered."""
    from lakehouse import tables
    from lakehouse.session import register_tables

    for layer in tables.LAYERS:
        spark.sql(f"drop database if exists {layer} cascade")
    register_tables(spark)
    return spark


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of real data; tests that need it are skipped where LAKE_REFERENCE_DATA is not set."""
    folder = os.environ.get("LAKE_REFERENCE_DATA")
    if not folder:
        pytest.skip("LAKE_REFERENCE_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="module")
def superset():
    """The dashboards' server over tables made by hand; started by the first module that asks for it."""
    from tests.support.dashboards_server import made_or_skip, running, settings_of

    made_or_skip()
    server = running()
    with settings_of(server.environment):
        yield server
