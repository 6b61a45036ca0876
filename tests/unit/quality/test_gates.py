"""What the gates look at again, what stops a run, and the scorecards; books only, so no engine is needed."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from quality import _cli, gate_outcomes, gates, scorecards
from tests.support.received import HJ212, PRSA, Gateway, deliver, line
from tests.support.silver_lake import build, take_away

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
SILVER = "silver.environment__air_quality"
BOTH = ["environment__air_quality", "environment__air_quality_hourly"]


@pytest.fixture
def lake(home, tmp_path, monkeypatch):
    at_clock(monkeypatch, "2016-05-01T05:00:00Z")
    deliver(tmp_path, [{"at": AT, "PM2.5": 35, "PM10": 20}, {"at": AT.replace(hour=4), "PM2.5": -1}], "first.csv")
    gate = Gateway(tmp_path / "spool")
    gate.send(gate.reading({"code": "a34004", "value": "9"}, at="2016-05-01T00:00:00Z"))
    build()
    return home


def at_clock(monkeypatch, instant: str) -> None:
    monkeypatch.setenv("LAKE_AS_OF", instant)
    settings.cache_clear()


def passed(work: dict) -> None:
    """Note that the gates were passed with the plan's inputs."""
    with outcomes.step(work["step"], work["step"], work["inputs"]):
        pass


def test_the_plan_names_what_changed_since_the_last_passed_gate(lake):
    assert gates.plan()["datasets"] == BOTH
    passed(gates.plan())
    assert gates.plan() == {}
    tables.append(f"{SILVER}_hourly", tables.read(f"{SILVER}_hourly").slice(0, 0))
    assert gates.plan()["datasets"] == BOTH[1:]


def test_a_table_that_has_become_stale_is_looked_at_again(lake, monkeypatch):
    passed(gates.plan())
    at_clock(monkeypatch, "2016-05-01T07:59:00Z")  # the newest reading began at 04:00 and may be 4 h old
    assert gates.plan() == {}
    at_clock(monkeypatch, "2016-05-01T08:01:00Z")
    assert gates.plan()["datasets"] == BOTH[:1]


def test_dead_letters_alone_concern_the_books(lake, tmp_path):
    passed(gates.plan())
    deliver(tmp_path, [",".join(line({"at": AT})[:-2])], "ragged.csv")
    work = gates.plan()
    assert work["datasets"] == [] and work["books"]


def test_forecasts_have_a_gate_of_their_own(lake):
    assert gates.plan_forecasts() == {}


def test_a_mismatch_stops_the_run_with_its_sentence_and_is_looked_at_again(lake):
    passed(gates.plan())
    take_away(SILVER, "pollutant_code = 'co' and observed_at = '2016-05-01T03:00:00Z'")
    work = gates.plan() | {"datasets": []}
    with pytest.raises(RuntimeError, match=r"2 checks failed\. .*prsa-dongsi co hour 2016-05-01 03:00:00"):
        gates.run(work)
    failed = [r for r in tables.read(gate_outcomes.TABLE).to_pylist() if not r["passed"]]
    assert {(r["table"], r["check"], r["severity"]) for r in failed} == {
        (SILVER, "records_accounted_for", "error"),
        (f"{SILVER}_hourly", "hours_cover_silver", "error"),
    }
    assert gates.plan() != {}


def test_books_that_add_up_let_the_run_pass(lake):
    gates.run(gates.plan() | {"datasets": []})
    kept = tables.read(gate_outcomes.TABLE).to_pylist()
    assert kept and all(r["passed"] for r in kept)


def test_scorecards_state_shares_per_source_and_department(lake):
    """PRSA: 12 items, 1 held, 9 without value of 11 rows; PM2.5 above PM10 in 2 rows; known 2 h after their hour begins."""
    with pytest.raises(LookupError, match="no scorecards yet"):
        scorecards.table()
    scorecards.write()
    cards = {c["source"]: c for c in tables.read(scorecards.TABLE).to_pylist()}
    prsa = cards[PRSA]
    assert (prsa["department"], prsa["rows"], prsa["held"], prsa["timeliness"]) == ("EEB", 11, 1, 1.0)
    assert prsa["completeness"] == pytest.approx(2 / 11) and prsa["validity"] == pytest.approx(11 / 12)
    assert prsa["consistency"] == pytest.approx(9 / 11)
    assert cards[HJ212]["timeliness"] == 0.0  # observed from 00:00 to 01:00, received at 04:00, promised by 03:00
    assert "91.67%" in CliRunner().invoke(_cli.app, ["scorecard"]).output
