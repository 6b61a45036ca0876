"""A lake with a release and a serving file, made by hand once, and a client of the portal over a copy of it."""

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from lakehouse import tables
from lakehouse.settings import settings
from portal.app import create_app
from publishing import release, serving
from tests.support import open_data as od


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake, its release and its serving file, made once."""
    folder = tmp_path_factory.mktemp("portal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_DATA_HOME", str(folder))
        settings.cache_clear()
        od.use(patch, od.catalogue_of())
        od.fill()
        release.build("environment")
        write_operations()
        serving.run(serving.plan())
    settings.cache_clear()
    card = folder / "models" / "pm25" / "card.json"
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"title": "PM2.5 <forecast>", "metrics": [{"horizon_hours": 6, "mae": 12.25}]}), "utf-8")
    return folder


@pytest.fixture
def lake(made: Path, home: Path, monkeypatch) -> Path:
    """A copy of it for one test."""
    shutil.copytree(made, home, symlinks=True, dirs_exist_ok=True)
    od.use(monkeypatch, od.catalogue_of())
    return home


def write_operations() -> None:
    import pyarrow as pa

    at = pa.array([od.datetime(2017, 3, 1, tzinfo=od.UTC)] * 2, od.UTC_TIME)
    tables.replace(
        "ops.gate_outcomes",
        pa.table({
            "run_id": ["r1", "r1"], "at": at, "dataset": ["agg_air_quality_daily"] * 2,
            "table": ["gold.agg_air_quality_daily"] * 2,
            "check": ["has_rows", "pm25_share"], "kind": ["aggregate"] * 2, "severity": ["error", "warning"],
            "passed": [True, False],
            "observed": ["6", "2 %"], "expected": ["> 0", "< 1 %"],
            "message": ["The table holds rows.", "See /srv/secret/place/x.log"],
        }),
    )  # fmt: skip


@pytest.fixture
def portal(lake) -> TestClient:
    return TestClient(create_app(calls_per_minute=10_000), raise_server_exceptions=False, follow_redirects=False)
