"""Asset files built from definitions, contracts and a serving file of real readings."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from dashboards import build
from dashboards.definition import Dataset, DefinitionError, Text, load_dashboards, load_datasets
from lakehouse.contracts import contracts
from lakehouse.settings import settings
from publishing import serving
from tests.support import gold_fixture
from tests.support.dashboards_server import settings_of

TITLE = Text(zh="甲", en="A")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("lake")
    with settings_of({"LAKE_DATA_HOME": str(folder / "data"), "LAKE_SECRETS_HOME": str(folder / "secrets")}):
        gold_fixture.write(settings().data_home, gold_fixture.source_folder(None), start="2016-12-01")
        serving.run(serving.plan())
        with serving.connect() as connection:
            yield connection


@pytest.fixture(scope="module")
def assets(served: duckdb.DuckDBPyConnection) -> build.Assets:
    return build.build(served, Path("/data/serving/serving.duckdb"))


def read(assets: build.Assets, folder: str) -> dict[str, dict]:
    return {path: yaml.safe_load(text) for path, text in assets.files.items() if path.startswith(folder)}


def nodes(board: dict, kind: str) -> list[dict]:
    return [node for node in board["position"].values() if isinstance(node, dict) and node["type"] == kind]


def test_building_again_gives_the_same_files(served: duckdb.DuckDBPyConnection, assets: build.Assets) -> None:
    assert build.build(served, Path("/data/serving/serving.duckdb")).files == assets.files


def test_every_reference_is_met_and_every_uuid_is_unique(assets: build.Assets) -> None:
    charts, datasets, boards = (read(assets, f) for f in ("charts/", "datasets/", "dashboards/"))
    uuids = [body["uuid"] for body in [*charts.values(), *datasets.values(), *boards.values()]]
    assert len(set(uuids)) == len(uuids)
    assert {c["dataset_uuid"] for c in charts.values()} <= {d["uuid"] for d in datasets.values()}
    assert {node["meta"]["uuid"] for board in boards.values() for node in nodes(board, "CHART")} == {
        c["uuid"] for c in charts.values()
    }
    assert assets.left_out == {}


def test_columns_carry_the_contracts_names_in_both_languages_with_units(assets: build.Assets) -> None:
    dataset = yaml.safe_load(assets.files["datasets/lakehouse/station_days.yaml"])
    columns = {c["column_name"]: c["verbose_name"] for c in dataset["columns"]}
    field = contracts()["agg_air_quality_daily"].field("pm25_ugm3")
    assert columns["pm25_ugm3"] == f"{field.name_zh} {field.name_en} ({field.unit})"
    assert columns["station"] == "监测点 Station"


def test_analysts_get_every_gold_table_with_a_contract(assets: build.Assets) -> None:
    names = {Path(path).stem for path in read(assets, "datasets/")}
    assert {"dim_stations", "fct_air_quality_hourly", "agg_air_quality_daily", "fct_kpi_values"} <= names


def test_open_datasets_are_those_of_the_public_pages(assets: build.Assets) -> None:
    by_uuid = {body["uuid"]: Path(path).stem for path, body in read(assets, "datasets/").items()}
    assert {by_uuid[u] for u in assets.open_datasets} == {
        "city_days", "city_indicators", "station_days", "page_state", "aqi_levels", "forecasts",
        "enterprise_months", "townships", "places", "grids",
    }  # fmt: skip


def test_question_of_the_api_and_of_the_page_have_the_same_metrics(assets: build.Assets) -> None:
    for path, body in read(assets, "charts/").items():
        (asked,) = json.loads(body["query_context"])["queries"]
        drawn = body["params"].get("metrics", [body["params"]["metric"]] if "metric" in body["params"] else [])
        assert [m["sqlExpression"] for m in asked["metrics"] or []] == [m["sqlExpression"] for m in drawn], path


def test_charts_of_a_missing_table_are_left_out_and_their_row_is_filled(served: duckdb.DuckDBPyConnection, monkeypatch) -> None:
    there = build.filled_tables(served) - {"gold.fct_pm25_forecasts"}
    monkeypatch.setattr(build, "filled_tables", lambda _: there)
    made = build.build(served, Path("/x"))
    assert set(made.left_out) == {"air-quality/forecast", "air-quality/forecast_quality"}
    board = yaml.safe_load(made.files["dashboards/air-quality.yaml"])
    widths = {sum(board["position"][c]["meta"]["width"] for c in row["children"]) for row in nodes(board, "ROW")}
    assert widths == {12}


def test_a_page_without_any_table_is_left_out(served: duckdb.DuckDBPyConnection, monkeypatch) -> None:
    there = {name for name in build.filled_tables(served) if "enterprise" not in name}
    monkeypatch.setattr(build, "filled_tables", lambda _: there)
    made = build.build(served, Path("/x"))
    boards = {Path(path).stem for path in read(made, "dashboards/")}
    assert boards == {"air-quality", "geography", "operations", "population"}


def test_a_page_names_the_sources_behind_its_charts_that_have_sent_something() -> None:
    known, stated = load_datasets(), {"air-quality": 1, "enterprises": 0, "geography": 0, "operations": 0, "population": 0}
    everything = {source.bronze_table for source in contracts().sources.values()}
    for board in load_dashboards():
        told = [build.sources(board, known, landed) for landed in (everything, set())]
        assert (told[0].count("CC-BY-4.0"), told[1]) == (stated[board.slug], "")


def test_every_page_links_to_the_others_that_are_there_and_to_the_portal() -> None:
    boards = {board.slug: board for board in load_dashboards()}
    line = build.links(boards["enterprises"], [b for slug, b in boards.items() if slug != "operations"])
    first, here, *more, portal = line.split(" · ")
    assert first == "[人口 Population](/superset/dashboard/population/)"
    assert [here, *more] == [
        "[空气质量 Air quality](/superset/dashboard/air-quality/)", "**企业 Enterprises**",
        "[地理 Geography](/superset/dashboard/geography/)",
    ]  # fmt: skip
    assert portal == f"[数据门户 Data portal]({settings().portal_address()}/)"
    for board in boards.values():
        assert board.rows[0].cells[0].text == "{pages}"


def test_an_empty_text_leaves_no_cell_and_a_notice_stands_on_the_pages_of_people_and_places(
    served: duckdb.DuckDBPyConnection, assets: build.Assets, monkeypatch
) -> None:
    def texts(made: build.Assets) -> dict[str, list[str]]:
        return {Path(p).stem: [n["meta"]["code"] for n in nodes(b, "MARKDOWN")] for p, b in read(made, "dashboards/").items()}

    assert all(all(words) for words in texts(assets).values())
    monkeypatch.setattr(build.notice, "text", lambda: "One in a hundred.")
    told = texts(build.build(served, Path("/data/serving/serving.duckdb")))
    assert {page for page, words in told.items() if "One in a hundred." in words} == {"population", "enterprises", "geography"}


def test_deregistrations_before_the_first_on_record_are_not_known() -> None:
    """Two months without any, then one revocation, then none again: the first two are unknown, the last is zero."""
    with duckdb.connect() as connection:
        connection.execute("create schema gold")
        connection.execute("create table gold.dim_divisions as select '1' as division_code, 'a' as name, '' as outline")
        connection.execute(
            "create table gold.dim_industries as select 'A' as section, 'a' as name_zh, 'a' as name_en, '2017' as edition"
        )
        months = [(1, 0, 0), (2, 0, 0), (3, 0, 1), (4, 0, 0)]
        values = ", ".join(f"(make_date(2014, {m}, 1), '1', 'A', 'body', {d}, {r})" for m, d, r in months)
        columns = "month_start, township_code, industry_section, class_code, deaths, revocations"
        connection.execute(f"create table gold.agg_enterprise_monthly as select * from (values {values}) as t({columns})")
        query = f"select deaths, revocations from ({load_datasets()['enterprise_months'].sql}) order by month_start"
        assert connection.execute(query).fetchall() == [(None, None), (None, None), (0, 1), (0, 0)]


def test_a_page_that_asks_nothing_or_that_nobody_sees_is_refused() -> None:
    known, board = load_datasets(), load_dashboards()[0]
    with pytest.raises(DefinitionError, match="page weather: no role may see it"):
        build.check_board(board.model_copy(update={"slug": "weather"}), known)
    with pytest.raises(DefinitionError, match="page air-quality: a chart asks dataset aqi_levels"):
        build.check_board(board, {name: d for name, d in known.items() if name != "aqi_levels"})


def test_column_without_a_label_is_refused(served: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(LookupError, match="d: column nameless has no label"):
        build.dataset_asset(served, "d", Dataset(title=TITLE, reads=(), sql="select 1 as nameless"))


def test_a_query_that_cannot_be_asked_is_refused_in_one_sentence(served: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(DefinitionError, match=r"datasets\.yaml: d: Catalog Error: .*nowhere.* mend the query") as refused:
        build.dataset_asset(served, "d", Dataset(title=TITLE, reads=(), sql="select * from gold.nowhere"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("table", ["ops.run_outcomes", "ops.delivery_receipts"])
def test_open_dataset_of_a_table_that_is_not_public_is_refused(table: str) -> None:
    with pytest.raises(PermissionError, match=f"d is open, but {table}"):
        build.refuse_closed_columns("d", Dataset(title=TITLE, open=True, reads=(table,), sql="select 1"))
