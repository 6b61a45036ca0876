"""Who delivers other values for hours that are there already is told which of them will count, and how to correct."""

from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest

from lakehouse import tables
from lakehouse.contracts import contracts
from quality.reconcile import reconcile
from tests.support.delivered_files import PRSA, deliver, prsa, receipts
from tests.support.received import Gateway
from tests.support.silver_lake import build

READINGS = contracts()["environment__air_quality"]
HOURS = range(10)
OLD, NEW = prsa(*HOURS, pm25="35"), prsa(*HOURS, pm25="36")


def pm25() -> list[float]:
    """Values of silver, which decides by itself who won."""
    build()
    return tables.read(READINGS.table, ["value"], filters=pc.field("pollutant_code") == "pm25")["value"].to_pylist()


def remarks(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines()[1:]]


def test_a_correction_without_a_higher_revision_is_told_how_many_rows_lose_by_chance(home, tmp_path):
    deliver(tmp_path, OLD, "may.csv")
    (first,) = receipts()
    (said,) = remarks(deliver(tmp_path, NEW, "corrected.csv"))
    lost = pm25().count(35.0)
    assert 0 < lost < 10  # the record ids are hashes
    assert said == (
        f"10 rows (the first is row 2) differ from delivery {first['delivery_id']}, which speaks of the same stations and times"
        " in the same revision 0. Of equal revisions the larger record id counts, whatever came last:"
        f" {lost} of these rows will not reach silver. If this file corrects the other, deliver it again with --revision 1."
    )
    corrected = next(r for r in receipts() if r["file_name"] == "corrected.csv")
    assert corrected["report"]["notes"] == [said]


def test_the_same_file_with_a_higher_revision_is_landed_again_and_counts(home, tmp_path):
    deliver(tmp_path, OLD)
    deliver(tmp_path, NEW, "corrected.csv")
    said = deliver(tmp_path, NEW, "corrected.csv", revision=1)
    (told,) = remarks(said)
    before = next(r["delivery_id"] for r in receipts() if r["file_name"] == "corrected.csv" and r["revision"] == 0)
    assert said.startswith(f"corrected.csv: received 10, landed 10, dead letters 0; receipt {before}-r1")
    assert told.startswith(
        f"The same content as delivery {before} (revision 0), now as revision 1: its rows count before those of"
    )
    assert pm25() == [36.0] * 10
    done = reconcile(READINGS.id)
    assert done.mismatches == []
    figures = {(a.unit == before, a.unit.endswith("-r1"), a.received, a.accepted, a.exact, a.superseded) for a in done.accounts}
    assert figures == {(False, False, 10, 0, 0, 10), (True, False, 10, 10, 0, 0), (False, True, 10, 0, 10, 0)}


@pytest.mark.parametrize(
    ("declared", "said"), [(1, "; nothing was landed again."), (0, ", which declared revision 1, now 0; nothing")]
)
def test_the_same_file_with_the_same_or_a_lower_revision_is_the_same_delivery(home, tmp_path, declared, said):
    deliver(tmp_path, OLD, revision=1)
    answer = deliver(tmp_path, OLD, "again.csv", revision=declared)
    (told,) = receipts()
    head = f"again.csv: the same content as delivery {told['delivery_id']} of {told['received_at'][:19]}"
    assert answer.startswith(head + said) and tables.read(f"bronze.{PRSA}").num_rows == 10
    assert answer.endswith("a correction needs --revision 2 or more.") is (declared == 0)


def test_rows_of_one_file_that_contradict_each_other_are_named_and_equal_ones_are_not(home, tmp_path):
    head, *rows = (prsa(1, 2, 3) + b"".join(prsa(3, 1, pm25="36").splitlines(keepends=True)[1:])).splitlines(keepends=True)
    (said,) = remarks(deliver(tmp_path, b"".join([head, *rows, rows[1]])))
    assert said == (
        "2 stations and times stand in this file more than once with different values (first in rows 2 and 6);"
        " of each only the row with the larger record id reaches silver. Send each once."
    )
    assert len(pm25()) == 3


def test_rows_older_than_a_correction_are_told_to_lose(home, tmp_path):
    deliver(tmp_path, NEW, "corrected.csv", revision=3)
    (first,) = receipts()
    (said,) = remarks(deliver(tmp_path, prsa(8, 9, 10), "late.csv"))
    assert said == (
        f"2 rows (the first is row 2) will not reach silver: for the same stations and times delivery {first['delivery_id']}"
        " declared revision 3, this one 0. If this file is the newer, deliver it again with --revision 4."
    )
    assert sorted(pm25()) == [35.0] + [36.0] * 10


def test_a_higher_revision_and_equal_rows_need_no_remark(home, tmp_path):
    deliver(tmp_path, OLD)
    assert remarks(deliver(tmp_path, NEW, "corrected.csv", revision=1)) == []
    assert remarks(deliver(tmp_path, prsa(*HOURS, 11), "more.csv")) != []  # the correction won over the equal rows
    assert remarks(deliver(tmp_path, prsa(12, 13), "later.csv")) == []


def test_the_order_in_which_revisions_are_declared_changes_nothing(home, tmp_path):
    for body, revision in ((NEW, 1), (OLD, 0), (NEW, 0)):
        deliver(tmp_path, body, revision=revision)
    assert pm25() == [36.0] * 10 and reconcile(READINGS.id).mismatches == []


def test_hours_of_a_source_that_ranks_before_are_named(home, tmp_path, monkeypatch):
    """The device is given the code of a delivered station, so that both sources speak of one place."""
    from lakehouse import reference

    known = reference.lookup_station("prsa")
    monkeypatch.setattr(reference, "lookup_station", lambda issuer: known)
    gate = Gateway(tmp_path / "spool")
    gate.send(gate.reading({"code": "a34004", "value": "9"}, at="2016-04-30T16:00:00Z", device="Dongsi"))
    build()
    (said,) = remarks(deliver(tmp_path, OLD))
    assert said.startswith("1 rows speak of stations and times that silver has from environment__air_quality__hj212, which ranks")
    assert sorted(pm25()) == [9.0] + [35.0] * 9
    row = next(r for r in tables.read(READINGS.table).to_pylist() if r["value"] == 9.0)
    assert row["observed_at"] == datetime(2016, 4, 30, 16, tzinfo=UTC)  # midnight of 1 May in Beijing
