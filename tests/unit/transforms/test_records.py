"""Departments' records of a slice: types, checks on clear values, winners, stewards' decisions; without an engine."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations

import pyarrow as pa
import pytest

from lakehouse import vault
from lakehouse.contracts.rules import leaving_out
from quality.decisions import Decision
from tests.support.records import MAN, ROW, WOMAN, dataset, landed, source
from transforms.records.candidates import candidates
from transforms.records.settle import settle

pytestmark = pytest.mark.usefixtures("home")
WRONG_CHECK = WOMAN[:-1] + "1"


def settled(*deliveries, decisions=None):
    """`deliveries`: bronze rows, or (bronze rows, name of the source)."""
    pairs = [one if isinstance(one, tuple) else (one, "full") for one in deliveries]
    rows = pa.concat_tables([candidates(table, source(name), dataset()) for table, name in pairs])
    return settle(rows, dataset(), decisions or {})


def checks(out) -> list[tuple[str, str]]:
    return [(c["field"], c["check"]) for row in out.quarantine.to_pylist() for c in row["checks"]]


def decided(hold_id: str, kind: str, **changes) -> dict[str, Decision]:
    now = datetime(2015, 1, 3, tzinfo=UTC)
    return {hold_id: Decision("test__residents", hold_id, kind, changes, "called the office", "steward", now, None, now)}


def test_each_text_becomes_a_value_of_the_contracts_type():
    (row,) = settled(landed({})).silver.to_pylist()
    assert {name: row[name] for name in row if not name.startswith("_")} == {
        "citizen_no": vault.token("citizen_no", WOMAN), "extract_date": date(2014, 12, 31),
        "name": vault.token("person_name", "王秀英"), "birth_date": date(1949, 12, 31), "household_no": "0001",
        "floor_area_m2": 80.5, "moves": 2, "is_head": True, "entered_at": datetime(2014, 12, 30, 1, 15, tzinfo=UTC),
        "issuer": "PSB", "state_of": date(2014, 12, 31),
    }  # fmt: skip
    assert (row["_warnings"], row["_source_code"], row["_event_month"]) == (None, "test__residents__full", date(2014, 12, 1))


@pytest.mark.parametrize(
    ("column", "text", "name", "value"),
    [
        ("HH", "　０００１ ", "household_no", "０００１"),
        ("HH", "-", "household_no", None),
        ("HH", None, "household_no", None),
        ("MJ", "1e2", "floor_area_m2", 100.0),
        ("CS", "+3", "moves", 3),
        ("HZ", "0", "is_head", False),
        ("CSRQ", "1949-12-31", "birth_date", date(1949, 12, 31)),
    ],
)
def test_texts_are_trimmed_and_nothing_else_is_changed(column, text, name, value):
    assert settled(landed({column: text})).silver[name].to_pylist() == [value]


@pytest.mark.parametrize(
    ("column", "text", "field", "check", "message"),
    [
        ("CSRQ", "19491301", "birth_date", "value_is_date", "19491301 is no date."),
        ("MJ", "8O", "floor_area_m2", "value_is_number", "8O is not a number."),
        ("MJ", "-1", "floor_area_m2", "floor_area_m2_in_range", "floor_area_m2 must be at least 0 m2."),
        ("CS", "2.5", "moves", "value_is_whole_number", "2.5 is no whole number."),
        ("HZ", "9", "is_head", "value_in_list", "9 is no code of the list."),
        ("CSRQ", "王秀英", "birth_date", "value_is_date", "The text is no date."),
        ("CSRQ", WOMAN, "birth_date", "value_is_date", "The text is no date."),
        ("LRSJ", "gestern", "entered_at", "value_is_time", "gestern is no time."),
        ("GMSFHM", WRONG_CHECK, "citizen_no", "citizen_no_valid", "The check digit and the date of the number must be right."),
        ("GMSFHM", None, "citizen_no", "citizen_no_required", "citizen_no must be present."),
        ("TQRQ", "20150301", "extract_date", "not_from_the_future", "2015-02-28 16:00 UTC lies after the receipt."),
    ],
)
def test_what_does_not_read_or_breaks_a_rule_is_held_with_field_check_and_sentence(column, text, field, check, message):
    out = settled(landed({column: text}))
    (held,) = out.quarantine.to_pylist()
    assert held["checks"] == [{"field": field, "check": check, "message": message}]
    assert out.silver.num_rows == 0


def test_a_held_row_tells_every_fault_and_the_texts_that_did_not_read_but_no_name_or_number():
    out = settled(landed({"CSRQ": "x", "MJ": "y", "GMSFHM": WRONG_CHECK}))
    assert checks(out) == [
        ("birth_date", "value_is_date"),
        ("floor_area_m2", "value_is_number"),
        ("citizen_no", "citizen_no_valid"),
    ]
    told = json.dumps(out.quarantine.to_pylist(), default=str, ensure_ascii=False)
    assert WRONG_CHECK not in told and "王秀英" not in told
    assert json.loads(json.loads(out.quarantine["row"][0].as_py())["_as_sent"]) == {"CSRQ": "x", "MJ": "y"}


def test_a_rule_between_a_number_and_a_column_in_clear_is_judged_on_the_number_itself():
    rows = landed({"CSRQ": "19500101"}, {"GMSFHM": MAN, "CSRQ": "18800101"})
    warned = {r["citizen_no"]: r["_warnings"] for r in settled(rows).silver.to_pylist()}
    assert warned == {vault.token("citizen_no", WOMAN): "birth_date_agrees", vault.token("citizen_no", MAN): None}


def test_what_was_erased_is_judged_no_more_and_stays_where_it_is():
    rows = landed({"GMSFHM": WRONG_CHECK}, {"CSRQ": "19500101"})
    vault.forget([vault.token("citizen_no", WRONG_CHECK), vault.token("citizen_no", WOMAN)])
    out = settled(rows)
    assert checks(out) == [] and out.silver["_warnings"].to_pylist() == [None, None]


def test_the_winner_is_by_rank_then_revision_then_the_day_stated_then_record_whatever_comes_first():
    office = (landed({"HH": "office"}, revision=9, stated=date(2014, 12, 31)), "office")
    early = landed({"HH": "early"}, stated=date(2014, 12, 30))
    late = landed({"HH": "late"}, stated=date(2014, 12, 31))
    corrected = landed({"HH": "corrected"}, revision=1, stated=date(2014, 12, 1))
    for best, rivals in {"late": (early, late), "early": (office, early), "corrected": (late, corrected, early, office)}.items():
        for order in permutations(rivals):
            out = settled(*order)
            assert out.silver["household_no"].to_pylist() == [best] and out.superseded == len(rivals) - 1


def test_a_text_may_be_left_out_where_the_contract_lets_the_row_count_without_it():
    """What birth dates say in the registers of persons: 13 is no month, and the person is there all the same."""
    lenient = replace(dataset(), rules=(*dataset().rules, leaving_out(dataset().field("birth_date"))))
    rows = candidates(landed({"CSRQ": "19491301"}, {"GMSFHM": MAN, "CSRQ": "x", "MJ": "y"}), source(), lenient)
    out = settle(rows, lenient, {})
    assert [(r["birth_date"], r["_warnings"]) for r in out.silver.to_pylist()] == [(None, "birth_date_unreadable")]
    assert checks(out) == [("floor_area_m2", "value_is_number")]


def test_an_equal_row_twice_is_one_row_and_one_held_row():
    for row, silver, held in (({}, 1, 0), ({"CSRQ": "x"}, 0, 1)):
        out = settled(landed(row), landed(row, delivery="d2"))
        assert (out.silver.num_rows, out.quarantine.num_rows) == (silver, held)


def test_a_fix_gives_the_row_its_values_and_a_waiver_lets_it_pass_but_not_without_its_key():
    bad = landed({"CSRQ": "x", "GMSFHM": WRONG_CHECK})
    (held,) = settled(bad).quarantine["_hold_id"].to_pylist()
    (right,) = vault.tokens("citizen_no", pa.array([WOMAN])).to_pylist()
    fixed = settled(bad, decisions=decided(held, "fix", birth_date="1949-12-31", citizen_no=right)).silver.to_pylist()
    assert [(r["birth_date"], r["citizen_no"], r["_warnings"]) for r in fixed] == [(date(1949, 12, 31), right, None)]
    waived = settled(bad, decisions=decided(held, "waive")).silver.to_pylist()
    assert [(r["birth_date"], r["_warnings"]) for r in waived] == [(None, "waived")]
    keyless = landed({"GMSFHM": None})
    (held,) = settled(keyless).quarantine["_hold_id"].to_pylist()
    assert settled(keyless, decisions=decided(held, "waive")).silver.num_rows == 0


def test_a_column_that_older_files_lack_is_null_there():
    older = landed({}).drop_columns(["HH", "_period"])
    (row,) = settled(older).silver.to_pylist()
    assert (row["household_no"], row["state_of"], row["moves"]) == (None, None, int(ROW["CS"]))


def test_a_record_is_available_the_declared_delay_after_its_delivery():
    (row,) = settled(landed({"TQRQ": "20141201"}, stated=date(2014, 12, 31))).silver.to_pylist()
    assert row["_available_at"] == datetime(2014, 12, 31, tzinfo=UTC)
