"""Lives of enterprises as registers tell them; each legal life has its illegal twin."""

import pyarrow as pa
import pytest

from transforms.entity_resolution.enterprises.departments import ORGANISATIONS, REGISTRATIONS
from transforms.entity_resolution.enterprises.lifecycle import life_events

EVENT_COLUMNS = ("_record_id", "event_code", "event_date", "event_no", "status_code")


def lives(*events: tuple[str, str, str | None]) -> list[dict]:
    """One entity's events (word, day, state), given in any order -> rows of its life."""
    rows = [(f"r{i}", word, day, f"e{i}", state) for i, (word, day, state) in enumerate(events)]
    columns = {name: list(values) for name, values in zip(EVENT_COLUMNS, zip(*rows, strict=True), strict=True)}
    table = pa.table(columns | {"_source_code": ["amr"] * len(rows), "_data_origin": ["synthetic"] * len(rows)})
    dated = table.set_column(2, "event_date", table["event_date"].cast(pa.date32()))
    dated = dated.append_column("state_of", dated["event_date"])
    members = pa.table({"mention_id": [f"{r[0]}#self" for r in rows], "entity_id": ["E1"] * len(rows)})
    return life_events({REGISTRATIONS: dated}, members).to_pylist()


BORN, ENDED = ("设立", "2010-01-01", "存续"), ("注销", "2014-01-01", "注销")
REVOKED = ("吊销", "2012-01-01", "吊销")
END = ["active", "deregistered"]
LIVES = {
    "birth, then end": ([BORN, ENDED], END, [None, None]),
    "in any order of arrival": ([ENDED, BORN], END, [None, None]),
    "revoked, later deregistered": ([BORN, REVOKED, ENDED], ["active", "revoked", "deregistered"], [None, None, None]),
    "a revoked one cannot come back": (
        [BORN, REVOKED, ("变更", "2013-01-01", "存续")],
        ["active", "revoked", "revoked"],
        [None, None, "move_not_allowed"],
    ),
    "suspended and back": (
        [BORN, ("变更", "2012-01-01", "歇业"), ("变更", "2013-01-01", "存续")],
        ["active", "suspended", "active"],
        [None, None, None],
    ),
    "set up as deregistered": ([("设立", "2010-01-01", "注销")], ["active"], ["state_not_of_event"]),
    "ended as existing": ([BORN, ("注销", "2014-01-01", "存续")], END, [None, "state_not_of_event"]),
    "nothing after the end": (
        [BORN, ENDED, ("变更", "2015-01-01", "存续")],
        [*END, "deregistered"],
        [None, None, "move_not_allowed"],
    ),
    "born once": ([BORN, ("设立", "2011-01-01", "存续")], ["active", "active"], [None, "born_twice"]),
    "nothing before birth": ([BORN, ("变更", "2009-01-01", "存续")], ["active", "active"], ["before_birth", None]),
    "begun in the middle of a life": ([("变更", "2009-01-01", "歇业"), ENDED], ["suspended", "deregistered"], [None, None]),
    "no state said": ([("设立", "2010-01-01", None), ("变更", "2011-01-01", None)], ["active", "active"], [None, None]),
    "a word nobody knows": ([BORN, ("更名", "2011-01-01", "存续")], ["active", "active"], [None, "unknown_event"]),
}


@pytest.mark.parametrize("told, states, findings", LIVES.values(), ids=LIVES)
def test_states_follow_from_events_and_what_cannot_be_is_named(told, states, findings):
    found = lives(*told)
    assert [e["status_after"] for e in found] == states
    assert [e["finding"] for e in found] == findings
    assert [e["turn"] for e in found] == list(range(1, len(told) + 1))


def test_an_organisation_is_born_with_its_registration():
    bodies = pa.table(
        {
            "_record_id": ["o1"], "uscc": ["12330122470000000X"], "registered_on": pa.array(["2001-05-04"]).cast(pa.date32()),
            "state_of": pa.array(["2014-12-31"]).cast(pa.date32()),
            "status_code": ["正常"], "_source_code": ["ca"], "_data_origin": ["synthetic"],
        }
    )  # fmt: skip
    members = pa.table({"mention_id": ["o1#self"], "entity_id": ["E1"]})
    (birth,) = life_events({ORGANISATIONS: bodies}, members).to_pylist()
    assert (birth["event_kind"], str(birth["event_date"]), birth["status_after"], birth["finding"]) == (
        "birth",
        "2001-05-04",
        "active",
        None,
    )
