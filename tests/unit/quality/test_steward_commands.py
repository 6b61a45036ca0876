"""What the commands tell a steward to do next: choices, the decision that counts, rows that lose to another."""

from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import outcomes, tables
from lakehouse.settings import settings
from quality import _cli, decisions, held_rows
from quality.reconcile import reconcile
from tests.support.received import HJ212, PRSA, Gateway, deliver
from tests.support.silver_lake import build

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
AIR = "environment__air_quality"
LOSES = "The row will not reach silver, which holds another row of the same key with the value"


def lake_quarantine(*words: str) -> str:
    """Output of the command; its error message when it fails."""
    result = CliRunner().invoke(_cli.app, words)
    return str(result.exception) if result.exit_code else result.output


def held(check: str) -> held_rows.HeldRow:
    return held_rows.held(check=check)[0]


def pm25() -> list[float]:
    build()
    rows = tables.read(f"silver.{AIR}", filters=pc.field("pollutant_code") == "pm25").to_pylist()
    return [r["value"] for r in rows]


@pytest.fixture
def lake(home, tmp_path):
    """Two rows that fail: one that may be waived, one of a station that nobody knows."""
    deliver(tmp_path, [{"at": AT, "PM2.5": -1}, {"at": AT, "PM2.5": 5, "station": "Nowhere"}], "may.csv")
    build()


@pytest.fixture
def corrected(home, tmp_path):
    """An hour delivered twice in revision 0; the correction's value cannot be read, and the first one's record id is larger."""
    deliver(tmp_path, [{"at": AT, "PM2.5": 102}], "first.csv")
    deliver(tmp_path, [{"at": AT, "PM2.5": "102x"}], "correction.csv")
    build()
    (row,) = held_rows.held(check="value_is_number")
    (first,) = tables.read(f"silver.{AIR}", filters=pc.field("value") == 102).to_pylist()
    assert first["_record_id"] > row.hold_id  # by the hash of these very rows
    return tmp_path / "correction.csv", row, 102.0


def test_an_undecided_row_is_shown_with_its_place_in_the_file_and_what_may_be_done(lake):
    negative, nowhere = held("value_not_negative"), held("station_registered")
    told = lake_quarantine("show", negative.hold_id)
    assert told.startswith(f"{negative.hold_id} of {AIR}: row 2 of may.csv, delivery {negative.delivery_id} of {PRSA}\n")
    fix = f"`lake quarantine fix {negative.hold_id} --set value=... --reason ...`"
    waive = f", or `lake quarantine waive {negative.hold_id} --until DAY --reason ...`"
    assert told.endswith(f"  Nothing is decided. {fix}{waive}; left alone, it stays held and counted.\n")
    told = lake_quarantine("show", nowhere.hold_id)
    assert "waive" not in told  # nobody knows where it was measured
    assert told.endswith(" 6 items of this record are held; --whole-record decides on all of them.\n")


def test_one_fix_mends_all_held_items_of_a_record_or_none(lake):
    record = held("station_registered").hold_id.split("#")[0]
    refusal = lake_quarantine(
        "fix", record, "--whole-record", "--set", "station_id=prsa-tiantan", "--set", "value=5", "--reason", "x"
    )
    assert refusal == "--set value belongs to one item of a record; fix its 6 held items one by one."
    assert "would still be held" in lake_quarantine("fix", record, "--whole-record", "--set", "flag=ok", "--reason", "x")
    assert "cannot be waived" in lake_quarantine("waive", record, "--whole-record", "--until", "2999-01-01", "--reason", "x")
    assert decisions.history(AIR) == []
    told = lake_quarantine("fix", record[:12], "--whole-record", "--set", "station_id=prsa-tiantan", "--reason", "misspelt")
    assert told.count("Recorded for ") == 6
    build()
    silver = tables.read(f"silver.{AIR}", filters=pc.field("station_id") == "prsa-tiantan").to_pylist()
    assert {r["pollutant_code"]: r["value"] for r in silver if r["value"] is not None} == {"pm25": 5.0} and len(silver) == 6
    assert "No held record" in lake_quarantine("fix", record, "--whole-record", "--set", "flag=ok", "--reason", "x")


def test_a_row_of_a_stream_is_shown_with_its_number(home, tmp_path):
    gate = Gateway(tmp_path / "spool")
    gate.send(
        gate.reading({"code": "a34004", "value": "7"}), gate.reading({"code": "a34004", "value": "-7"}, at="2016-05-01T04:00:00Z")
    )
    build()
    assert f": record 2 of stream gate-1/{HJ212} (segment 1)\n" in lake_quarantine("show", held("value_not_negative").hold_id)


def test_undo_and_show_say_which_decision_counts_now(lake, monkeypatch):
    row = held("value_not_negative").hold_id
    lake_quarantine("fix", row, "--set", "value=1", "--reason", "typing error")
    lake_quarantine("waive", row, "--until", "2999-01-01", "--reason", "agreed")
    assert "Counts now: " in lake_quarantine("show", row) and ": waive until 2999-01-01" in lake_quarantine("show", row)
    told = lake_quarantine("undo", row, "--reason", "not agreed")
    counting = next(line for line in told.splitlines() if line.startswith("Counts now: "))
    assert counting.endswith(': fix {"value": 1.0}: typing error')
    assert "Missing option '--reason'" in CliRunner().invoke(_cli.app, ["undo", row]).output
    assert "A decision needs a reason" in lake_quarantine("undo", row, "--reason", "  ")
    assert "Counts now: no decision, the last decision was taken back." in lake_quarantine("undo", row, "--reason", "it is real")
    assert "Counts now: no decision" in lake_quarantine("show", row)
    lake_quarantine("waive", row, "--until", "2999-01-01", "--reason", "agreed")
    build()
    assert "held no longer: a decision let it pass, and it is in silver." in lake_quarantine("show", row)
    assert "Silver was built with it." in lake_quarantine("show", row)
    monkeypatch.setenv("LAKE_AS_OF", "2999-02-01T00:00:00Z")
    settings.cache_clear()
    assert "Counts now: no decision, the waiver has ended." in lake_quarantine("show", row)
    assert "Silver does not know of it yet" in lake_quarantine("show", row)


def test_decisions_are_found_by_an_id_that_is_long_enough_and_means_one_row(lake):
    nowhere = held_rows.held(check="station_registered")
    for row in nowhere[:2]:
        lake_quarantine("fix", row.hold_id, "--set", "station_id=prsa-tiantan", "--reason", "moved")
    record = nowhere[0].hold_id.split("#")[0]
    assert "begins the ids of 2 decided rows" in lake_quarantine("undo", record, "--reason", "why")
    assert "write at least 8 characters" in lake_quarantine("undo", record[:7], "--reason", "why")


def test_a_fix_of_a_row_that_loses_says_why_and_the_advice_makes_it_win(corrected):
    file, row, first = corrected
    told = lake_quarantine("fix", row.hold_id, "--set", "value=7", "--reason", "typing error")
    advice = f"`lake deliver {PRSA} FILE --revision 1`; the decision then holds for it, too."
    assert f"{LOSES} {first} that counts before it: delivery " in told
    assert "has the same revision 0, and then the larger record id counts, whatever came last." in told and advice in told
    assert advice in lake_quarantine("preview")
    assert pm25() == [first] and reconcile(AIR).mismatches == []
    shown = lake_quarantine("show", row.hold_id)
    assert "a decision let it pass, and another row of the same key counts before it." in shown
    answer(file, PRSA, Statement(revision=1))
    assert pm25() == [7.0] and reconcile(AIR).mismatches == []


def test_a_fix_of_a_row_that_wins_says_nothing_of_the_kind(corrected):
    file, row, _ = corrected
    answer(file, PRSA, Statement(revision=1))
    assert LOSES not in lake_quarantine("fix", row.hold_id, "--set", "value=7", "--reason", "typing error")
    assert LOSES not in lake_quarantine("preview") and pm25() == [7.0]


def test_a_row_of_a_lower_revision_or_rank_says_what_is_before_it(corrected, tmp_path, monkeypatch):
    from lakehouse import reference

    _, row, _ = corrected
    deliver(tmp_path, [{"at": AT, "PM2.5": 50}], "third.csv", revision=4)
    build()
    told = lake_quarantine("waive", row.hold_id, "--until", "2999-01-01", "--reason", "agreed")
    assert " declared revision 4, this row's delivery 0. Deliver" in told and "--revision 5`" in told
    known = reference.lookup_station("prsa")
    monkeypatch.setattr(reference, "lookup_station", lambda issuer: known)
    gate = Gateway(tmp_path / "spool")
    gate.send(gate.reading({"code": "a34004", "value": "9"}, device="Dongsi"))
    lake_quarantine("undo", row.hold_id, "--reason", "not agreed")
    build()
    told = lake_quarantine("fix", row.hold_id, "--set", "value=7", "--reason", "typing error")
    assert f"{LOSES} 9.0 that counts before it: it comes from {HJ212}, which ranks before {PRSA}." in told


def test_a_preview_of_a_table_that_only_spark_builds_says_what_was_decided(lake):
    weather = "environment__weather"
    schema = tables.open_table(f"quarantine.{AIR}").to_pyarrow_dataset().schema
    tables.append(f"quarantine.{weather}", schema.empty_table())
    decisions.decide(weather, "0" * 32 + "#0", "fix", "typing error", AT, {"temp_c": 20.0})
    with outcomes.step("silver", weather, {"bronze": {}, "rules": "", "decisions": {}}):
        pass
    assert lake_quarantine("preview", "--dataset", weather).splitlines() == [
        f"silver.{weather}: 1 new decisions; the replay builds it with Spark and prints the rows",
        f"  fix      {'0' * 32}#0 temp_c=20.0: typing error",
    ]


def test_the_list_ends_with_what_did_not_parse(lake, tmp_path):
    deliver(tmp_path, ["1,2,3", "4,5"], "torn.csv")
    query = f'`lake sql --lake "select reason, count(*) from dead_letter.{AIR} group by 1"`.'
    told = lake_quarantine("list").splitlines()
    assert told[-1] == f"2 records did not parse and are dead letters, for their senders to mend: {query}"
    assert held_rows.letters("environment__weather") == {}


def test_a_filter_that_finds_nothing_names_what_would(lake):
    told = lake_quarantine("list", "--check", "no_such")
    assert told == "No rows are held by no_such; rows are held by station_registered, value_not_negative.\n"
    assert "More rows are held than the 2 shown; --limit shows more." in lake_quarantine("list", "--limit", "2")
