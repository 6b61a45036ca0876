"""A steward on held records: what names a person is given in clear, checked so, kept as a token, and never told again."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lakehouse import tables, vault
from lakehouse.contracts import contracts
from quality import _cli, decisions, fixes, held_rows, masking, replay, scorecards
from quality.reconcile import reconcile
from tests.support.records import MAN
from tests.support.resident_files import DELTA, FULL, LI, RESIDENTS, WANG, deliver
from tests.support.silver_lake import build

NAME = "李国强"


def lake_quarantine(*words: str) -> str:
    """Output of the command; its error message when it fails."""
    result = CliRunner().invoke(_cli.app, words)
    return str(result.exception) if result.exit_code else result.output


@pytest.fixture
def nameless(home, tmp_path) -> held_rows.HeldRow:
    """The one held row of an extract: it lacks its name."""
    deliver(tmp_path, [WANG, LI | {"XM": "", "ZZ": "桐庐县江南镇环溪村18号"}], "extract.csv")
    build(RESIDENTS)
    (row,) = held_rows.held()
    return row


def names() -> list[str]:
    return sorted(vault.clear(tables.read(f"silver.{RESIDENTS}", ["name"])["name"]).to_pylist())


def test_a_held_record_is_listed_and_shown_with_its_row_in_the_file_and_its_person_masked(nameless):
    listed, told = lake_quarantine("list"), lake_quarantine("show", nameless.hold_id)
    assert "1  name_required" in listed and "birth_date=1880-**-**" in listed
    assert "1880-01-01" not in listed + told and "18号" not in listed + told
    assert "address_text = 桐庐县江南镇环溪村***" in told and "address_text=桐庐县江南镇环溪村***" in listed
    assert f"row 4 of extract.csv, delivery {nameless.delivery_id} of {FULL}" in told
    assert f"citizen_no = *** {vault.token('citizen_no', MAN)[-4:]}" in told and "birth_date = 1880-**-**" in told
    assert MAN not in told and f"fix {nameless.hold_id} --set name=..." in told


def test_a_fix_of_a_name_is_kept_as_its_token_and_not_said_again(nameless, home):
    told = lake_quarantine("fix", nameless.hold_id, "--set", f"name={NAME}", "--reason", "asked the police station")
    (decision,) = decisions.history(RESIDENTS)
    assert decision.changes == {"name": vault.token("person_name", NAME)}
    assert "Recorded" in told and NAME not in told + lake_quarantine("show", nameless.hold_id)
    assert any("1 rows added" in line for change in replay.preview(RESIDENTS) for line in change.lines())
    build(RESIDENTS)
    assert names() == sorted([NAME, WANG["XM"]]) and held_rows.held() == []
    assert reconcile(RESIDENTS).mismatches == []
    assert not [f for f in home.rglob("*") if f.is_file() and NAME.encode() in f.read_bytes()]


def test_a_fix_of_a_birth_date_is_said_by_its_year_alone(nameless):
    both = ["--set", f"name={NAME}", "--set", "birth_date=1880-01-01"]
    told = lake_quarantine("fix", nameless.hold_id, *both, "--reason", "asked") + lake_quarantine("show", nameless.hold_id)
    (decision,) = decisions.history(RESIDENTS)
    assert decision.changes["birth_date"] == "1880-01-01"
    assert told.count('"birth_date": "1880-**-**"') == 3 and "1880-01-01" not in told + lake_quarantine("preview")


def test_a_birth_date_that_does_not_read_is_shown_by_its_year_also_in_the_message(home, tmp_path):
    deliver(tmp_path, [WANG, LI | {"XM": "", "CSRQ": "1880013x"}], "extract.csv")
    build(RESIDENTS)
    (row,) = held_rows.held()
    assert "1880013x" not in lake_quarantine("list") + lake_quarantine("show", row.hold_id)


def test_undo_holds_the_row_again(nameless):
    lake_quarantine("fix", nameless.hold_id, "--set", f"name={NAME}", "--reason", "asked")
    build(RESIDENTS)
    lake_quarantine("undo", nameless.hold_id, "--reason", "it was the brother")
    build(RESIDENTS)
    assert names() == [WANG["XM"]] and [row.failed for row in held_rows.held()] == [("name_required",)]


def test_a_row_without_its_key_cannot_be_waived_and_a_fix_must_leave_no_rule_broken(nameless):
    assert "cannot be waived: name is not known" in lake_quarantine(
        "waive", nameless.hold_id, "--until", "2999-01-01", "--reason", "known to us"
    )
    still = lake_quarantine("fix", nameless.hold_id, "--set", f"name={NAME}", "--set", "status_code=5", "--reason", "x")
    assert still == (
        f"Not recorded, {nameless.hold_id} would still be held: The status says neither that the registration is in force nor"
        " how it ended."
    )
    assert decisions.history(RESIDENTS) == []


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("birth_date=1880-02-30", "--set birth_date=1880-02-30: birth_date is a day such as 2014-12-31."),
        ("birth_date=01.01.1880", "--set birth_date=01.01.1880: birth_date is a day such as 2014-12-31."),
        ("extract_date=2014-12-30", "--set extract_date: write column=value with one of citizen_no,"),
    ],
)
def test_days_can_be_set_but_not_the_one_that_says_in_which_slice_a_row_belongs(nameless, setting, said):
    told = lake_quarantine("fix", nameless.hold_id, "--set", setting, "--set", f"name={NAME}", "--reason", "x")
    assert told.startswith(said)


def test_a_fix_to_the_key_of_a_row_that_counts_before_says_that_it_loses(nameless, tmp_path):
    deliver(tmp_path, [LI | {"ZZ": "富春江镇"}], "later.csv", revision=1)
    build(RESIDENTS)
    told = lake_quarantine("fix", nameless.hold_id, "--set", f"name={NAME}", "--reason", "asked")
    assert "The row will not reach silver" in told and "declared revision 1, this row's delivery 0" in told


def test_the_scorecard_counts_the_cells_that_are_filled(nameless):
    (card,) = scorecards.compute().to_pylist()
    sent = [n for n, f in contracts().sources[FULL].fields.items() if f.reads]
    assert (card["rows"], card["held"], card["validity"], card["timeliness"]) == (1, 1, 0.5, None)
    assert card["completeness"] == pytest.approx((len(sent) - 1) / len(sent))  # 王 has no former name
    tables.replace(scorecards.TABLE, pa.Table.from_pylist([card], scorecards.SCHEMA))
    assert scorecards.table().splitlines()[1].split()[-2:] == ["-", "100.00%"]


def test_a_row_that_a_warning_of_accuracy_marks_is_not_valid(nameless, tmp_path):
    wrong = [WANG | {"CSRQ": "19501231", "HH": "9"}, WANG | {"MZ": "60", "HH": "10"}, WANG | {"CSRQ": "never", "HH": "11"}]
    deliver(tmp_path, [LI, *wrong], "later.csv", DELTA)
    build(RESIDENTS)
    marks = tables.read(f"silver.{RESIDENTS}", ["_warnings"])["_warnings"].to_pylist()
    told = ["birth_date_agrees", "birth_date_unreadable", "citizen_no_of_division", "ethnic_code_known"]
    assert sorted(filter(None, marks)) == told  # no county of 1880 is known
    cards = {card["source"]: (card["validity"], card["consistency"]) for card in scorecards.compute().to_pylist()}
    assert cards == {FULL: (0.5, 1.0), DELTA: (0.25, 0.75)}


def test_what_a_fix_may_set(home):
    assert {"extract_date"} == {f.name for f in contracts()[RESIDENTS].fields} - fixes.fixable(contracts()[RESIDENTS]).keys()


@pytest.mark.parametrize(
    ("dataset", "source", "shown"),
    [
        ("population__births", "population__births__hc_births", "2014-**-**"),  # its time is that of birth
        (RESIDENTS, FULL, "2014-12-30 16:00 UTC"),  # its time is that of the extract
    ],
)
def test_a_time_of_observation_that_is_a_day_of_birth_is_shown_by_its_year(dataset, source, shown):
    row = held_rows.HeldRow(dataset, "0" * 8, source, None, datetime(2014, 12, 30, 16, tzinfo=UTC), (), {})
    assert masking.observed(row) == shown
