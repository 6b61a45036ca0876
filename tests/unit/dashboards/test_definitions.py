"""The definition files against what they must agree with: rules, roles, contracts."""

from pathlib import Path

import duckdb
import pytest

from dashboards.definition import DefinitionError, load_dashboards, load_datasets
from dashboards.roles import ROLES, ROW_RULES
from lakehouse.settings import CHECKOUT
from transforms.gold.rules import load_rules

BOARDS = {board.slug: board for board in load_dashboards()}
DATASETS = load_datasets()
STATIONS = CHECKOUT / "contracts" / "reference" / "stations.csv"


def test_level_names_and_colours_are_those_of_the_rules() -> None:
    given = {name: color for name, color in BOARDS["air-quality"].colors.items() if name[0] in "123456"}
    for rule in load_rules():
        assert given == {f"{x.level} {x.name_zh} {x.name_en}": x.color for x in rule.levels}


def test_thresholds_stand_at_the_ends_of_levels() -> None:
    lines = {t.value for t in BOARDS["air-quality"].charts["aqi_by_station"].thresholds}
    for rule in load_rules():
        assert lines <= {level.aqi_high for level in rule.levels}


def test_charts_ask_datasets_that_exist_and_no_row_is_wider_than_the_page() -> None:
    for board in BOARDS.values():
        assert {chart.dataset for chart in board.charts.values()} <= DATASETS.keys()
        assert {sum(cell.width for cell in row.cells) for row in board.rows} == {12}


def test_series_keep_their_colours_and_the_band_of_the_datas_origin_has_room() -> None:
    """Superset gives a series without a colour the next one free. A band in less than 11 grid units is cut by its frame."""
    for board in BOARDS.values():
        drawn = [c for c in board.charts.values() if c.kind in ("line", "bar") and len(c.metrics) > 1]
        series = {metric.label() for chart in drawn for metric in chart.metrics}
        assert {name for name in series if "__yhat_" not in name} <= board.colors.keys()  # bounds of a faint band, no lines
        bands = {name for name, chart in board.charts.items() if any("lake-band" in m.sql for m in chart.metrics)}
        assert all(row.height >= 11 for row in board.rows for cell in row.cells if cell.chart in bands)


def test_the_public_board_asks_open_datasets_only() -> None:
    asked = {chart.dataset for chart in BOARDS["air-quality"].charts.values()}
    assert all(DATASETS[name].open for name in asked)
    closed = {chart.dataset for chart in BOARDS["operations"].charts.values()}
    assert not any(DATASETS[name].open for name in closed)


def test_roles_name_boards_that_exist_and_the_public_has_the_open_ones_only() -> None:
    assert {slug for role in ROLES.values() for slug in role.dashboards} == BOARDS.keys()
    assert ROLES["Public"].dashboards == ("air-quality", "enterprises", "geography")
    assert ROLES["Public"].datasets == "open"
    assert [name for name, role in ROLES.items() if role.sql] == ["Analyst"]


def test_row_rules_bind_no_role_that_writes_sql() -> None:
    """Row rules do not reach into SQL Lab, so a role that has it would pass by them."""
    for rule in ROW_RULES:
        assert not any(ROLES[name].sql for name in rule.roles)


BAD = {
    "unknown fragment": (
        "datasets.yaml",
        "fragments: {}\ndatasets: {d: {title: {zh: 甲, en: A}, reads: [], uses: [nowhere], sql: select 1}}",
        "no fragment nowhere",
    ),
    "title in one language": (
        "datasets.yaml",
        "fragments: {}\ndatasets: {d: {title: {en: A}, reads: [], sql: select 1}}",
        "d: title.zh",
    ),
    "chart without a place": (
        "b.yaml",
        "slug: b\ntitle: {zh: 甲, en: A}\nrows: []\ncharts: {c: {title: {zh: 甲, en: A}, dataset: d, kind: rows}}",
        "b.yaml: c: each chart",
    ),
    "tile with half a badge": (
        "b.yaml",
        "slug: b\ntitle: {zh: 甲, en: A}\nrows: [{height: 9, cells: [{chart: c, width: 12}]}]\n"
        "charts: {c: {title: {zh: 甲, en: A}, dataset: d, kind: tile, tile: {value: '1', unit: \"''\", note: \"''\", badge: x}}}",
        "charts.c.tile: give either badge",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_bad_definition_is_refused_in_one_sentence(fault: str, tmp_path: Path) -> None:
    file, text, sentence = BAD[fault]
    (tmp_path / "page.css").write_text("")
    (tmp_path / file).write_text(text, "utf-8")
    read = load_datasets if file == "datasets.yaml" else load_dashboards
    with pytest.raises(DefinitionError, match=sentence) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("stations", "counted"),
    [
        (["prsa-dongsi", "hj212-dongsi", "prsa-shunyi"], {"prsa-dongsi", "prsa-shunyi"}),
        (["hj212-dongsi"], {"hj212-dongsi"}),  # nothing else tells of the place
    ],
)
def test_a_station_and_one_that_repeats_it_count_once(stations, counted) -> None:
    with duckdb.connect() as base:
        base.execute("create schema gold; create schema reference; create schema meta")
        base.execute(f"create table reference.stations as from read_csv('{STATIONS}', all_varchar=true)")
        base.execute("create table gold.dim_stations as select * exclude (repeats) from reference.stations")
        base.execute("create table meta.serving as select now() as as_of, 1 as number")
        base.execute("create table gold.fct_kpi_values as select 'division' as scope_type, '110100' as scope_id")
        base.execute("create table gold.agg_air_quality_daily (station_id text, date_local date, rule_version text,"
                     " is_provisional bool, data_origin text, is_in_force bool)")  # fmt: skip
        rows = [[station] for station in stations]
        base.executemany("insert into gold.agg_air_quality_daily values (?, '2017-02-28', 'r', false, 'o', true)", rows)
        found = base.execute(f"select station_id from ({DATASETS['page_state'].sql})").fetchall()
    assert {station for (station,) in found} == counted and len(found) == len(counted)
