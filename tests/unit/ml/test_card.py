"""The card says what was measured, on what, and what the model is not for."""

from pathlib import Path

from typer.testing import CliRunner

from ml._cli import app
from ml.pm25_forecast import card

METHODS = ("lightgbm", "persistence", "hour_of_week")
MAE = {"lightgbm": 30.0, "persistence": 40.0, "hour_of_week": 60.0}
MEASURED = {
    "mae": {m: {"6": MAE[m]} for m in METHODS},
    "mae_by_station": {m: {"6": {"prsa-dongsi": MAE[m] + 1}} for m in METHODS},
    "coverage_80": {m: {"6": 0.79} for m in METHODS},
    "coverage_80_by_season": {"6": {"winter": 0.78}},
    "recall_above_75": {"lightgbm": {"6": 0.75}, "persistence": {"6": 0.7}},
}
FACTS = {
    "as_of": "2017-02-28T17:00+00:00", "is_demo_model": True, "stations": ["prsa-dongsi"], "hours": 8766,
    "origin": "public_reference", "from": "2016-01-01", "until": "2017-02-28", "folds": ["2017-02"],
    "first_origin": "2017-01-31T16:00:00+00:00", "trained_until": "2017-01-03", "scored_forecasts": 2500,
    "table_versions": {"gold.fct_air_quality_hourly": 3}, "features": 78,
    "monitoring_reference": {},
}  # fmt: skip


def test_a_demonstration_model_says_so_in_both_languages():
    made = card.build(MEASURED, FACTS, [], "1")
    assert "not for decisions" in made["summary"] and "不得用于决策" in made["summary_zh"]
    assert "not for decisions" not in card.build(MEASURED, FACTS | {"is_demo_model": False}, [], "1")["summary"]


def test_gain_is_against_the_better_baseline():
    (row,) = card.build(MEASURED, FACTS, [], "1")["comparison"]
    assert row["lower_than_best_baseline_pct"] == 25.0  # 30 against 40
    assert row["coverage_of_80_pct_interval"] == 79.0 and row["recall_above_75_pct"] == 75.0


def test_a_refused_model_has_no_version_and_its_reason():
    made = card.build(MEASURED, FACTS, ["at 6 h it is worse"], None)
    assert made["version"] == "none"
    assert made["registration"] == "Not registered, forecasts are by persistence: at 6 h it is worse."


def test_the_page_holds_figures_versions_limits_and_uses_it_is_not_for():
    page = card.markdown(card.build(MEASURED, FACTS, [], "1"))
    for text in (
        "`gold.fct_air_quality_hourly` 3",
        "| prsa-dongsi | 31.0 | 41.0 |",
        "## Not to be used for",
        "single persons",
        "fingerprint",
    ):
        assert text in page


def test_card_written_and_read_again(home: Path):
    assert card.read() is None
    made = card.build(MEASURED, FACTS, [], "1")
    card.write(made)
    assert card.read() == made
    assert card.path() == home / "models" / "pm25_forecast" / "card.json"


def test_commands_answer_bad_input_with_a_sentence(home: Path):
    run = CliRunner().invoke
    assert "there is pm25_forecast" in run(app, ["card", "rain"]).output
    assert "has no card yet" in str(run(app, ["card", "pm25_forecast"]).exception)
    assert "do not exist: run the stages before first" in str(run(app, ["train", "pm25_forecast"]).exception)


def test_the_card_as_a_page(home: Path, tmp_path: Path):
    card.write(card.build(MEASURED, FACTS, [], "1"))
    result = CliRunner().invoke(app, ["card", "pm25_forecast", "--markdown", str(tmp_path / "page.md")])
    assert result.exit_code == 0 and (tmp_path / "page.md").read_text("utf-8").startswith("# PM2.5 forecast")
