"""Who sees what in the dashboards, asked of the running server as each role; nobody reads a file of the machine."""

import json
from datetime import date

import pytest

from dashboards.roles import ROLES
from lakehouse import tables
from publishing import serving
from tests.support.dashboards_server import HIDDEN_STATION, Running

pytestmark = pytest.mark.slow

OPEN, CLOSED = ("air-quality", "enterprises", "geography"), ("operations", "population")
FILE_MARK = "root:x:0:0"
FILE_ATTACKS = [
    "select content from read_text('/etc/passwd')",
    "select * from read_csv('/etc/passwd', header=false)",
    "select * from glob('/etc/*')",
    "select * from '/etc/passwd'",
    "copy (select 1) to '{home}/stolen.csv'",
    "attach '{home}/other.duckdb' as other",
    "export database '{home}/stolen'",
    "install httpfs",
    "load httpfs",
    "select * from read_parquet('https://example.org/x.parquet')",
    "set enable_external_access = true",
]


@pytest.fixture(scope="module")
def dataset_ids(superset: Running) -> dict[str, int]:
    listed = superset.reader("admin").get("/api/v1/dataset/", q="(page_size:100)").json()["result"]
    return {dataset["table_name"]: dataset["id"] for dataset in listed}


def charts_of(superset: Running, slug: str) -> dict[str, int]:
    found = superset.reader("admin").get(f"/api/v1/dashboard/{slug}/charts").json()["result"]
    return {chart["slice_name"]: chart["id"] for chart in found}


@pytest.mark.parametrize("page", OPEN)
def test_everybody_opens_the_open_dashboards_and_each_chart_of_them(superset: Running, page: str) -> None:
    anyone = superset.reader()
    assert anyone.get(f"/superset/dashboard/{page}/").status_code == 200
    charts = charts_of(superset, page)
    assert len(charts) >= 6
    rows = {name: len(anyone.rows(number)) for name, number in charts.items()}
    assert all(rows.values()), rows


@pytest.mark.parametrize("page", CLOSED)
def test_closed_dashboards_and_their_charts_are_hidden_from_the_public(superset: Running, page: str) -> None:
    anyone = superset.reader()
    assert anyone.get(f"/api/v1/dashboard/{page}").status_code == 404
    assert f"/superset/dashboard/{page}/" not in anyone.get("/api/v1/dashboard/").text
    for name, number in charts_of(superset, page).items():
        assert anyone.chart(number).status_code in (403, 404), name
    assert not set(anyone.charts().values()) & set(charts_of(superset, page).values())


@pytest.mark.parametrize(
    ("name", "path", "leads_to"),
    [
        (None, "/", "/superset/dashboard/air-quality/"),
        (None, "/superset/welcome/", "/superset/dashboard/air-quality/"),
        (None, "/superset/dashboard/population/", "/login/?next=/superset/dashboard/population/"),
        ("decision_maker", "/", "/superset/dashboard/population/"),
        ("admin", "/superset/welcome/", "/superset/dashboard/population/"),
    ],
)
def test_the_front_page_leads_to_a_dashboard_and_a_closed_one_to_the_login(
    superset: Running, name: str | None, path: str, leads_to: str
) -> None:
    answer = superset.reader(name).http.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, leads_to)


def test_the_chinese_of_the_login_says_what_it_is_for(superset: Running) -> None:
    words = superset.reader().get("/superset/language_pack/zh/").json()["locale_data"]["superset"]
    assert (words["Sign in"], words["Username"]) == (["登录"], ["用户名"])


@pytest.mark.parametrize("path", ["/api/v1/database/", "/api/v1/dataset/", "/api/v1/query/", "/api/v1/saved_query/"])
def test_public_sees_no_database_nor_dataset_nor_query(superset: Running, path: str) -> None:
    assert superset.reader().get(path).status_code in (401, 403, 404)


def test_public_cannot_ask_a_closed_dataset(superset: Running, dataset_ids: dict[str, int]) -> None:
    anyone, question = superset.reader(), {"columns": [], "metrics": ["count"]}
    for name in ("run_outcomes", "gate_outcomes", "deliveries", "fct_air_quality_hourly", "people", "fct_population_monthly"):
        assert anyone.ask(dataset_ids[name], **question).status_code == 403, name
    assert anyone.ask(dataset_ids["station_days"], **question).status_code == 200


@pytest.mark.parametrize(
    "expression",
    [
        "(select max(content) from read_text('/etc/passwd'))",
        "(select count(*) from ops.run_outcomes)",
        "max(aqi)) from gold.agg_air_quality_daily union all select (select content from read_text('/etc/passwd')",
    ],
)
def test_public_cannot_smuggle_sql_into_an_open_dataset(superset: Running, dataset_ids: dict[str, int], expression: str) -> None:
    metric = {"expressionType": "SQL", "sqlExpression": expression, "label": "x"}
    answer = superset.reader().ask(dataset_ids["station_days"], columns=[], metrics=[metric])
    assert answer.status_code >= 400, answer.text[:500]
    assert FILE_MARK not in answer.text


@pytest.mark.parametrize(("role", "name"), [("DecisionMaker", "decision_maker"), ("Steward", "steward"), ("Analyst", "analyst")])
def test_staff_see_all_dashboards(superset: Running, role: str, name: str) -> None:
    assert set(ROLES[role].dashboards) == {*OPEN, *CLOSED}
    reader = superset.reader(name)
    for slug in (*OPEN, *CLOSED):
        for chart, number in charts_of(superset, slug).items():
            assert reader.rows(number), f"{name}: {chart}"


@pytest.mark.parametrize("name", [None, "decision_maker", "steward"])
def test_only_analysts_write_sql(superset: Running, name: str | None) -> None:
    assert superset.reader(name).sql("select 1").status_code in (401, 403)


def test_analyst_asks_gold_in_sql(superset: Running) -> None:
    answer = superset.reader("analyst").sql("select count(*) as n from gold.dim_stations")
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == [{"n": tables.read("gold.dim_stations").num_rows}]


@pytest.mark.parametrize("attack", FILE_ATTACKS)
@pytest.mark.parametrize("name", ["analyst", "admin"])
def test_no_file_of_the_machine_by_sql(superset: Running, name: str, attack: str) -> None:
    answer = superset.reader(name).sql(attack.format(home=superset.home))
    assert answer.status_code >= 400, answer.text[:500]
    assert FILE_MARK not in answer.text
    assert not list(superset.home.glob("stolen*")) and not (superset.home / "other.duckdb").exists()


CHANGES = ["delete from gold.dim_stations", "create table gold.planted as select 1", "drop table gold.dim_date"]


@pytest.mark.parametrize("change", CHANGES)
def test_sql_changes_nothing(superset: Running, change: str) -> None:
    assert superset.reader("analyst").sql(change).status_code >= 400


def test_no_file_of_the_machine_by_a_dataset_of_ones_own(superset: Running) -> None:
    body = {"database": 1, "table_name": "stolen", "schema": "gold", "sql": "select content from read_text('/etc/passwd')"}
    refused = superset.reader("analyst").http.post("/api/v1/dataset/", json=body)
    assert refused.status_code == 403
    admin = superset.reader("admin")
    made = admin.http.post("/api/v1/dataset/", json=body)
    assert FILE_MARK not in made.text
    if made.status_code == 201:
        answer = admin.ask(made.json()["id"], columns=["content"], metrics=[])
        admin.http.delete(f"/api/v1/dataset/{made.json()['id']}")
        assert answer.status_code >= 400
        assert FILE_MARK not in answer.text


@pytest.mark.parametrize("address", ["duckdb:////tmp/any.duckdb", "duckdb:///:memory:", "sqlite:////etc/passwd"])
def test_nobody_connects_another_database(superset: Running, address: str) -> None:
    body = {"database_name": "other", "sqlalchemy_uri": address, "expose_in_sqllab": True, "extra": "{}"}
    for name in ("analyst", "admin"):
        answer = superset.reader(name).http.post("/api/v1/database/", json=body)
        assert answer.status_code >= 400, f"{name}: {answer.text[:300]}"


def test_opened_settings_in_the_database_entry_change_nothing(superset: Running) -> None:
    """Also an administrator who edits the entry gets no file: how it is opened is code."""
    admin = superset.reader("admin")
    opened = {"engine_params": {"connect_args": {"read_only": True, "config": {"enable_external_access": True}}}}
    admin.http.put("/api/v1/database/1", json={"extra": json.dumps(opened)})
    answer = admin.sql("select content from read_text('/etc/passwd')")
    admin.http.put("/api/v1/database/1", json={"extra": "{}"})
    assert answer.status_code >= 400
    assert FILE_MARK not in answer.text


def test_public_gets_no_test_vectors(superset: Running, dataset_ids: dict[str, int]) -> None:
    """The row rule of `roles.ROW_RULES`: the marked station is there for analysts only."""
    question = {"columns": ["station_id"], "metrics": ["count"]}

    def stations(name: str | None) -> set[str]:
        answer = superset.reader(name).ask(dataset_ids["station_days"], **question).json()
        return {row["station_id"] for row in answer["result"][0]["data"]}

    everything = set(tables.read("gold.dim_stations", ["station_id"]).column(0).to_pylist())
    assert stations("analyst") == everything
    assert stations(None) == stations("decision_maker") == everything - {HIDDEN_STATION}


def test_tiles_say_what_the_kpi_table_holds(superset: Running) -> None:
    charts = charts_of(superset, "air-quality")
    kpis = [r for r in tables.read("gold.fct_kpi_values").to_pylist() if r["scope_type"] == "division"]
    newest = max((r for r in kpis if r["kpi_id"] == "ENV-01"), key=lambda r: r["period"])
    shown = tile(superset, charts, "全市当日空气质量")
    assert f">{newest['value']:.0f}<" in shown and newest["period"] in shown
    months = sorted((r for r in kpis if r["kpi_id"] == "ENV-02"), key=lambda r: r["period"])[-12:]
    share = 100 * sum(r["numerator"] for r in months) / sum(r["denominator"] for r in months)
    assert f">{share:.1f}<" in tile(superset, charts, "优良天数比例")


def tile(superset: Running, charts: dict[str, int], title: str) -> str:
    number = next(number for name, number in charts.items() if title in name)
    return superset.reader().rows(number)[0]["tile"]


def test_published_version_is_seen_at_once(superset: Running) -> None:
    """A cached answer belongs to one version of the serving file."""
    anyone = superset.reader()
    number = next(n for name, n in charts_of(superset, "air-quality").items() if "数据状态" in name)

    def as_of() -> str:
        return anyone.get(f"/api/v1/chart/{number}/data/").json()["result"][0]["data"][0]["state"]

    assert "2017-02-28" in as_of()
    days = tables.read("gold.agg_air_quality_daily")
    column = days.schema.get_field_index("date_local")
    before = days.column("date_local")
    tables.replace("gold.agg_air_quality_daily", days.set_column(column, "date_local", _shifted(before)))
    serving.run(serving.plan())
    assert "2017-03-01" in as_of()
    tables.replace("gold.agg_air_quality_daily", days)
    serving.run(serving.plan())
    assert "2017-02-28" in as_of()


def _shifted(days):
    import pyarrow as pa

    return pa.array([date.fromordinal(day.toordinal() + 1) for day in days.to_pylist()])
