"""What of the machine and of the lake no visitor of the portal reaches."""

import pytest
from fastapi.testclient import TestClient

from lakehouse.settings import settings
from portal.app import create_app
from tests.support import open_data as od


@pytest.mark.parametrize(
    "address",
    [
        "/datasets/environment__air_quality", "/api/v1/environment__air_quality", "/api/v1/run_outcomes",
        "/api/v1/ops.run_outcomes",
        "/api/v1/gold.dim_stations", "/api/v1/sqlite_master", "/datasets/..%2f..%2fetc%2fpasswd",
        "/releases/environment/2017.03-r1/..%2f..%2f..%2ftables%2fgold%2fdim_stations%2f_delta_log%2f00000000000000000000.json",
        "/releases/environment/2017.03-r1/%2e%2e%2findex.json", "/releases/environment/2017.03-r1/../index.json",
        "/releases/environment/2017.03-r1/%00", "/releases/environment/%2e%2e", "/releases/..%2f..%2f/2017.03-r1/manifest.json",
        "/releases/environment/index.json", "/releases/environment/.building-x/manifest.json", "/releases/nothing/2017.03-r1",
        "/static/..%2fapp.py", "/static/app.py", "/templates/..%2f..%2fx.csv", "/templates/nothing.csv",
        "/models/%2e%2e", "/models/..%2f..%2fsecrets", "/models/nothing", "/portal/reports.jsonl", "/docs", "/redoc",
    ],
)  # fmt: skip
def test_nothing_else_of_the_machine_is_reachable(portal, address):
    answer = portal.get(address)
    assert answer.status_code == 404, answer.text[:300]


def test_links_on_disk_are_not_followed(portal, lake, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read")
    folder = settings().releases / "environment" / "2017.03-r1"
    (folder / "dim_stations.csv").unlink()
    (folder / "dim_stations.csv").symlink_to(secret)
    assert portal.get("/releases/environment/2017.03-r1/dim_stations.csv").status_code == 404
    (lake / "models" / "linked").symlink_to(tmp_path)
    (tmp_path / "card.json").write_text('{"title": "do not read"}')
    assert portal.get("/models/linked").status_code == 404
    assert "do not read" not in portal.get("/models").text


def test_sql_of_the_serving_file_cannot_read_the_machine(portal):
    from portal.serving_data import data

    for attack in (
        "select * from read_text('/etc/passwd')",
        "copy (select 1) to '/tmp/x.csv'",
        "attach '/tmp/x.db'",
        "create table gold.x as select 1",
    ):
        with pytest.raises(Exception, match=r"(?i)permission|disabled|read-only|cannot"):
            data.query(attack)


def test_a_table_without_list_and_a_made_up_one_are_not_shown(lake, monkeypatch):
    made_up = od.replace(od.stations(), origin="synthetic")
    od.use(monkeypatch, od.catalogue_of(od.daily(), od.replace(od.hourly(), publish=()), made_up))
    client = TestClient(create_app())
    assert "Synthetic data" in client.get("/datasets/dim_stations?lang=en").text
    assert client.get("/datasets/fct_air_quality_hourly").status_code == 404
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    assert client.get("/datasets/dim_stations").status_code == 404
    assert client.get("/api/v1/dim_stations").status_code == 404
