"""Tiles: the words, sign and colour of a judgement at its limits, worked out by DuckDB."""

import duckdb
import pytest

from dashboards import markup
from dashboards.definition import Tile

LIMITS = {
    "more": "90.0 as target, 80.0 as amber_limit",
    "less": "30.0 as target, 35.0 as amber_limit",
    "none": "0 as target, 0 as amber_limit",
}


def drawn(better: str, figure: str) -> str:
    tile = Tile(value="max(figure)", unit="'%'", note="concat('to ', max(period_start))", judged="max(figure)", better=better)
    rows = f"select {figure} as figure, date '2017-02-01' as period_start, {LIMITS[better]}"
    return duckdb.sql(f"select {markup.tile(tile)} from ({rows})").fetchall()[0][0]


@pytest.mark.parametrize(
    ("better", "figure", "words"),
    [
        ("more", "90.0", "✔ 达标 on target"),
        ("more", "89.9", "! 接近 near target"),
        ("more", "80.0", "! 接近 near target"),
        ("more", "79.9", "✖ 未达标 off target"),
        ("less", "30.0", "✔ 达标 on target"),
        ("less", "30.1", "! 接近 near target"),
        ("less", "35.1", "✖ 未达标 off target"),
        ("none", "0", "✔ 无 none"),
        ("none", "1", "✖ 需处理"),
    ],
)
def test_judgement_at_its_limits(better: str, figure: str, words: str) -> None:
    assert words in drawn(better, figure)


def test_each_judgement_differs_in_sign_and_colour() -> None:
    verdicts = (markup.GOOD, markup.NEAR, markup.BAD)
    assert len({words[0] for words, _, _ in verdicts}) == len({color for _, color, _ in verdicts}) == 3


def test_tile_holds_figure_unit_and_note() -> None:
    text = drawn("more", "51.5")
    assert ">51.5<" in text and ">%<" in text and "to 2017-02-01" in text
