"""Which value survives: a case per step of the conflict rule, by hand, each beside the case where it does not decide."""

from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pytest
import yaml

from lakehouse.contracts.yaml_file import ContractError, as_model
from transforms.entity_resolution.survivorship import DECIDED, survive
from transforms.entity_resolution.survivorship_rules import SurvivorshipRules

DAY = date(2014, 12, 31)
RULES = SurvivorshipRules(
    kind="persons",
    rule_version="1",
    agreement=0.7,
    sources={"PSB": ("psb",), "EDU": ("edu",), "HSA": ("hsa",), "CA": ("ca",), "MOTHER": ("birth#mother",)},
    attributes={"name": {"order": ["PSB", ["EDU", "HSA", "CA"], "MOTHER"], "limit_days": {"HSA": 365}}},
)
CLAIM = pa.schema(
    [("entity_id", pa.string()), ("mention_id", pa.string()), ("source_code", pa.string()), ("role", pa.string()),
     ("as_of", pa.date32()), ("value", pa.string())]
)  # fmt: skip


def chosen(*claims: tuple, decided: str | None = None):
    """Claims (source_code, value, days ago) of one person -> the surviving value, its rule, the competing values."""
    rows = [
        {"entity_id": "P1", "mention_id": f"m{n}", "source_code": source.partition("#")[0],
         "role": source.partition("#")[2] or "self", "as_of": None if ago is None else DAY - timedelta(ago), "value": value}
        for n, (source, value, ago) in enumerate(claims)
    ]  # fmt: skip
    given = [{"entity_id": "P1", "attribute": "name", "value": decided}] if decided else []
    with duckdb.connect() as base:
        base.register("said", pa.Table.from_pylist(rows, CLAIM))
        made = survive(base, {"name": "from said"}, RULES, DAY, pa.Table.from_pylist(given, DECIDED))
    golden = made.golden["name"].to_pylist()
    return (golden[0]["value"], golden[0]["rule"]) if golden else None, made.conflicts.to_pylist()


def test_one_value_is_no_conflict():
    assert chosen(("psb", "李", 3), ("edu", "李", 9)) == (("李", "agreed"), [])


def test_the_highest_source_wins_and_the_losing_value_stays_on_record():
    survivor, conflicts = chosen(("hsa", "利", 1), ("psb", "李", 300), ("edu", "利", 1))
    assert survivor == ("李", "rank")
    told = {(c["source"], c["value"], c["is_chosen"], c["is_open"]) for c in conflicts}
    assert told == {("PSB", "李", True, False), ("HSA", "利", False, False), ("EDU", "利", False, False)}
    assert {(c["value"], round(c["agreement"], 3)) for c in conflicts} == {("李", 0.333), ("利", 0.667)}


def test_a_stale_word_does_not_count():
    assert chosen(("hsa", "利", 366), ("birth#mother", "李", 5000))[0] == ("李", "agreed")
    assert chosen(("hsa", "利", 365), ("birth#mother", "李", 5000))[0] == ("利", "rank")
    assert chosen(("hsa", "利", 366)) == (None, [])


def test_a_source_that_says_two_things_is_believed_last():
    assert chosen(("psb", "李", 30), ("psb", "利", 0), ("edu", "李", 0))[0] == ("利", "newest")


def test_sources_of_one_rank_are_decided_by_date_then_by_agreement():
    assert chosen(("edu", "李", 9), ("hsa", "利", 1))[0] == ("利", "newest")
    agreed = [("edu", "李", 1), ("hsa", "李", 1), ("ca", "利", 1), ("birth#mother", "李", 1)]
    assert chosen(*agreed)[0] == ("李", "agreement"), "three of four are 75 %"
    survivor, conflicts = chosen(*agreed[:3])
    assert survivor == (None, "open"), "two of three are 67 %"
    assert all(c["is_open"] and not c["is_chosen"] for c in conflicts) and len(conflicts) == 3


def test_a_steward_outranks_all_sources():
    survivor, conflicts = chosen(("psb", "李", 1), ("edu", "利", 1), decided="丽")
    assert survivor == ("丽", "steward")
    assert len(conflicts) == 2 and not any(c["is_chosen"] or c["is_open"] for c in conflicts)


def test_a_role_is_a_source_of_its_own_and_unknown_sources_do_not_count():
    assert chosen(("birth", "李", 1), ("birth#mother", "利", 1), ("tax", "丽", 1))[0] == ("利", "agreed")


def test_without_a_date_a_word_is_the_oldest():
    assert chosen(("psb", "李", None), ("psb", "利", 4000))[0] == ("利", "newest")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"attributes": {"name": {"order": ["PBS"]}}}, "names the source PBS"),
        ({"attributes": {"name": {"order": ["PSB"], "limit_days": {"EDU": 3}}}}, "limits EDU, which is not in its order"),
        ({"agreement": 0.5}, "greater than 0.5"),
    ],
)
def test_a_slip_in_the_rules_is_named(tmp_path, change, said):
    sound = {"kind": "persons", "rule_version": "1", "agreement": 0.7, "sources": {"PSB": ["psb"], "EDU": ["edu"]}}
    path = tmp_path / "survivorship-persons.yaml"
    path.write_text(yaml.safe_dump(sound | {"attributes": {"name": {"order": ["PSB"]}}} | change), "utf-8")
    with pytest.raises(ContractError, match=said):
        as_model(path, SurvivorshipRules)


def test_an_attribute_without_rules_is_refused():
    with duckdb.connect() as base, pytest.raises(ValueError, match="no order of sources for shoe_size"):
        survive(base, {"shoe_size": "select 1"}, RULES, DAY)
