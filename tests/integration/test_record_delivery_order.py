"""A dataset of records is the same however its deliveries come: in any order, one twice, corrected before or after."""

from datetime import date
from itertools import permutations

from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import tables
from lakehouse.contracts import contracts
from quality.reconcile import reconcile
from tests.support import small_county as county
from tests.support.resident_files import DELTA, FULL, LI, RESIDENTS, WANG, deliver
from tests.support.silver_lake import build

DATASET = contracts()[RESIDENTS]
STATED = [*(f.name for f in DATASET.fields), "_record_id", "_warnings", "_source_code", "_available_at", "_event_month"]
NAMELESS, STATELESS = WANG | {"XM": "", "HH": "0003"}, LI | {"RYZT": "?", "HH": "0004"}
MOVED = {"ZZ": "富春江镇"}
DELIVERIES = {
    "extract": ([WANG, LI, LI, NAMELESS, STATELESS], FULL, 0),
    "correction": ([WANG | MOVED, STATELESS | {"RYZT": "9"}], FULL, 1),
    "daily": ([LI | MOVED, WANG | {"TQRQ": "20141215"}], DELTA, 0),
}


def state(folder, order: tuple[str, ...], one_by_one: bool) -> dict[str, list]:
    """Tables after the deliveries, each of which is tried twice; all lakes of this test share one vault, so tokens compare."""
    for name in order:
        rows, source, revision = DELIVERIES[name]
        assert "received" in deliver(folder, rows, f"{name}.csv", source, revision)
        assert "nothing was landed again" in deliver(folder, rows, f"{name}_again.csv", source, revision)
        if one_by_one:
            build(RESIDENTS)
    build(RESIDENTS)
    assert build(RESIDENTS) == {}
    assert reconcile(RESIDENTS).mismatches == []
    silver = tables.read(DATASET.table, STATED).sort_by([(k, "ascending") for k in DATASET.primary_key]).to_pylist()
    held = tables.read(f"quarantine.{RESIDENTS}", ["_hold_id", "checks", "row"]).sort_by("_hold_id").to_pylist()
    return {"silver": silver, "held": held}


def test_every_order_of_deliveries_gives_the_same_tables(lakes):
    expected = state(lakes(), tuple(DELIVERIES), one_by_one=False)
    rows = [(f"{r['extract_date']:%m%d}", r["household_no"], r["address_text"], r["status_code"]) for r in expected["silver"]]
    assert sorted(rows) == [
        ("1215", "0001", "江南镇", "0"), ("1231", "0001", "富春江镇", "0"), ("1231", "0002", "江南镇", "0"),
        ("1231", "0004", "江南镇", "9"),
    ]  # fmt: skip
    assert sorted(c["check"] for row in expected["held"] for c in row["checks"]) == ["name_required", "status_code_known"]
    for order in permutations(DELIVERIES):
        assert state(lakes(), order, one_by_one=True) == expected, order


def test_the_books_name_what_became_of_each_record(lakes):
    state(lakes(), tuple(DELIVERIES), one_by_one=True)
    figures = [
        (a.received, a.accepted, a.exact, a.superseded, a.quarantined, a.difference) for a in reconcile(RESIDENTS).accounts
    ]
    extract, correction, daily = (5, 1, 1, 1, 2, 0), (2, 2, 0, 0, 0, 0), (2, 1, 0, 1, 0, 0)
    assert sorted(figures) == sorted([extract, correction, daily])


CERTIFICATES = {
    "wrong month": ((("S1", "20141104"), ("S2", "20141115")), 0),
    "right month": ((("S2", "20141228"),), 1),
    "other day again": ((("S2", "20141005"),), 2),
}
"""Days of death by certificate, and the revision that the delivery declares."""


def deaths(folder, order: tuple[str, ...]) -> dict[str, date]:
    """Day of death by certificate in silver after the deliveries, each built before the next comes."""
    for at, name in enumerate(order):
        rows, revision = CERTIFICATES[name]
        file = folder / f"deaths_{at}.csv"
        own = [county.death(number, county.SUN, day) for number, day in rows]
        file.write_text(county.delimited(county.DEATHS, own), county.ENCODING.get(county.DEATHS, "utf-8"))
        assert "received" in answer(file, county.DEATHS, Statement(period="2014-12-31", revision=revision))
        build("population__deaths")
    assert build("population__deaths") == {}
    assert reconcile("population__deaths").mismatches == []
    silver = tables.read("silver.population__deaths", ["record_no", "death_date"]).to_pylist()
    assert len(silver) == len({row["record_no"] for row in silver})
    return {row["record_no"]: row["death_date"] for row in silver}


def test_a_record_corrected_into_another_month_counts_there_alone(lakes):
    assert deaths(lakes(), ("wrong month", "right month")) == {"S1": date(2014, 11, 4), "S2": date(2014, 12, 28)}
    for order in permutations(CERTIFICATES):
        assert deaths(lakes(), order) == {"S1": date(2014, 11, 4), "S2": date(2014, 10, 5)}, order
