"""Crosswalk, golden records with validity, and stewards' merges and splits on small tables written by hand."""

from datetime import date

import pyarrow as pa
import pytest

from transforms.entity_resolution.validity import with_history

BEFORE = pa.schema([("person_id", pa.string()), ("name", pa.string()), ("n_records", pa.int64()), ("valid_from", pa.date32()),
                    ("valid_to", pa.date32()), ("_golden_version", pa.int64())])  # fmt: skip
NEW_YEAR, MAY = date(2015, 1, 1), date(2015, 5, 1)


def now(*rows: tuple[str, str, int]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(("person_id", "name", "n_records"), r, strict=True)) for r in rows])


def told(register: pa.Table) -> list[tuple]:
    return [tuple(r[c] for c in ("person_id", "name", "valid_from", "valid_to", "_golden_version")) for r in register.to_pylist()]


@pytest.fixture
def opened() -> pa.Table:
    return with_history(BEFORE.empty_table(), now(("P1", "李", 1), ("P2", "王", 1)), "person_id", NEW_YEAR, ("n_records",))


def test_a_change_ends_the_row_and_begins_the_next(opened):
    changed = with_history(opened, now(("P1", "黎", 1), ("P2", "王", 1)), "person_id", MAY)
    assert told(changed) == [
        ("P1", "李", NEW_YEAR, MAY, 1), ("P1", "黎", MAY, None, 2), ("P2", "王", NEW_YEAR, None, 1),
    ]  # fmt: skip


def test_nothing_new_changes_nothing(opened):
    assert with_history(opened, now(("P1", "李", 1), ("P2", "王", 1)), "person_id", MAY).equals(opened)
    counted = with_history(opened, now(("P1", "李", 7), ("P2", "王", 1)), "person_id", MAY, ("n_records",))
    assert told(counted) == told(opened) and counted["n_records"].to_pylist() == [7, 1]


def test_who_is_gone_ends_and_who_returns_goes_on_counting(opened):
    gone = with_history(opened, now(("P2", "王", 1)), "person_id", MAY)
    assert told(gone)[0] == ("P1", "李", NEW_YEAR, MAY, 1)
    back = with_history(gone, now(("P1", "李", 1), ("P2", "王", 1)), "person_id", date(2015, 9, 1))
    assert told(back)[:2] == [("P1", "李", NEW_YEAR, MAY, 1), ("P1", "李", date(2015, 9, 1), None, 2)]


def test_two_runs_on_one_day_leave_one_row(opened):
    again = with_history(opened, now(("P1", "黎", 1), ("P2", "王", 1)), "person_id", NEW_YEAR)
    assert told(again) == [("P1", "黎", NEW_YEAR, None, 1), ("P2", "王", NEW_YEAR, None, 1)]
