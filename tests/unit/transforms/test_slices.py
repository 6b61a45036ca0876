"""A run rebuilds the months that something new concerns, and no others."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import Contracts, contracts
from quality.decisions import decide, in_force
from tests.support.delivered_files import COLUMNS, PRSA, delimited, deliver
from tests.support.silver_lake import build
from transforms import slices

READINGS = contracts()["environment__air_quality"]
BRONZE, HELD = f"bronze.{PRSA}", f"quarantine.{READINGS.id}"
PLAIN = dict.fromkeys(COLUMNS, "NA") | {"year": "2016", "day": "2", "hour": "9", "station": "Dongsi"}


def month(number: int, **values: str) -> list[str]:
    """A PRSA row in the given month of 2016; the columns not given are missing."""
    return [(PLAIN | {"month": str(number)} | values)[name] for name in COLUMNS]


@pytest.fixture
def land(home, tmp_path):
    """Deliver rows as one file."""
    count = itertools.count()

    def send(*rows: list[str], revision: int = 0) -> None:
        said = deliver(tmp_path, delimited(*rows, header=COLUMNS), f"{next(count)}.csv", revision)
        assert f"landed {len(rows)}" in said, said

    return send


def planned() -> list[str]:
    return slices.resolve(READINGS, contracts()).get("slices", [])


def test_only_the_months_of_new_rows_are_planned_and_nothing_new_is_nothing(land):
    assert planned() == []
    land(month(5, SO2="1"), month(7, SO2="2"))
    assert planned() == ["2016-05-01", "2016-07-01"] and build()["whole"]
    assert planned() == [] and build() == {}
    land(month(6, SO2="3"))
    plan = slices.resolve(READINGS, contracts())
    assert plan["slices"] == ["2016-06-01"] and not plan["whole"]
    assert plan["inputs"]["bronze"] == {BRONZE: tables.version(BRONZE)}


def test_a_local_hour_belongs_to_the_month_of_its_utc_instant(land):
    land(month(6, SO2="1", day="1", hour="7"))
    assert planned() == ["2016-05-01"]


def test_late_rows_rewrite_their_month_and_leave_the_files_of_the_others(land):
    land(month(5, SO2="1"), month(6, SO2="2"))
    build()
    before = set(tables.files(READINGS.table))
    land(month(5, SO2="3", hour="10"))
    build()
    kept = before & set(tables.files(READINGS.table))
    assert {str(f.parent.name) for f in kept} == {"_event_month=2016-06-01"} and len(kept) == 1


def test_compaction_of_bronze_plans_nothing(land):
    land(month(5, SO2="1"))
    land(month(6, SO2="2"))
    build()
    tables.open_table(BRONZE).optimize.compact()
    assert planned() == []
    land(month(7, SO2="3"))
    assert planned() == ["2016-07-01"]


def test_changed_rules_plan_all_months(land, monkeypatch):
    land(month(5, SO2="1"), month(6, SO2="2"))
    build()
    monkeypatch.setattr(slices, "rules_hash", lambda dataset: "other")
    plan = slices.resolve(READINGS, contracts())
    assert plan["whole"] and plan["slices"] == ["2016-05-01", "2016-06-01"]


def test_months_that_no_source_feeds_any_more_are_planned_too(land, monkeypatch):
    land(month(5, SO2="1"))
    build()
    other = contracts().sources[PRSA].model_copy(update={"source": "other", "bronze": "other"})
    tables.append("bronze.other", tables.read(BRONZE).slice(0, 0))
    monkeypatch.setattr(slices, "rules_hash", lambda dataset: "other")
    known = Contracts(contracts().datasets, {"other": other})
    assert slices.resolve(READINGS, known)["slices"] == ["2016-05-01"]


def test_a_decision_plans_the_month_of_its_row_and_so_does_its_end(land, monkeypatch):
    land(month(5, SO2="-1"), month(6, SO2="2"))
    build()
    (held,) = tables.read(HELD).to_pylist()
    until = datetime.now(UTC) + timedelta(days=1)
    decide(READINGS.id, held["_hold_id"], "waive", "agreed", held["observed_at"], expires_at=until)
    assert planned() == ["2016-05-01"]
    build()
    assert planned() == [] and tables.read(HELD).num_rows == 0
    monkeypatch.setenv("LAKE_AS_OF", (until + timedelta(hours=1)).isoformat())
    slices.decisions.settings.cache_clear()
    assert in_force(READINGS.id) == {} and planned() == ["2016-05-01"]


def test_a_failed_run_is_planned_again(land):
    land(month(5, SO2="1"))
    with pytest.raises(OSError), outcomes.step(slices.STEP, READINGS.id, slices.resolve(READINGS, contracts())["inputs"]):
        raise OSError("disk full")
    assert planned() == ["2016-05-01"]


@pytest.mark.parametrize(
    ("partition", "start", "low", "high"),
    [
        ("_event_month", (2016, 12, 1), (2016, 12, 1), (2017, 1, 1)),
        ("_event_month", (2016, 2, 1), (2016, 2, 1), (2016, 3, 1)),
        ("_event_date", (2016, 2, 29), (2016, 2, 29), (2016, 3, 1)),
    ],
)
def test_a_slice_ends_where_the_next_begins(partition, start, low, high):
    first, after = slices.bounds(datetime(*start).date(), partition)
    assert (first, after) == (datetime(*low, tzinfo=UTC), datetime(*high, tzinfo=UTC))
    assert slices.start_of(after - timedelta(microseconds=1), partition) == datetime(*start).date()
    assert slices.start_of(after, partition) == after.date()
