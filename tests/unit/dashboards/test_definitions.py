"""The definition files against what they must agree with: rules, roles, contracts."""

from pathlib import Path

import pytest

from dashboards.definition import DefinitionError, load_dashboards, load_datasets
from dashboards.roles import ROLES, ROW_RULES
from transforms.gold.rules import load_rules

BOARDS = {board.slug: board for board in load_dashboards()}
DATASETS = load_datasets()


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
