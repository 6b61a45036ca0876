"""Linkage of persons: one town linked once, and small cases whose right answer is plain."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from quality.linkage.measures import accuracy
from tests.support.linkage_town import citizen_number, mention, people, town
from transforms.entity_resolution.linkage import Linkage, leave_keys, link, rules_of, shares, touched

RULES = rules_of("persons")
SECRET = b"a key of 32 bytes for the tests."
TOWN = town()
EXTRA = people(1200)[900:]
"""Three hundred people whom the town does not hold, for cases beside it."""


def beside_town(*rows: dict) -> pa.Table:
    return pa.concat_tables([TOWN, *(pa.Table.from_pylist([row]) for row in rows)], promote_options="permissive")


def known_from(found: Linkage) -> pa.Table:
    return pa.table({"mention_id": found.clusters["mention_id"], "entity_id": pc.cast(found.clusters["cluster"], pa.string())})


@pytest.fixture(scope="module")
def whole() -> Linkage:
    return link(TOWN, RULES)


def partition(found: Linkage) -> set[frozenset[str]]:
    clusters: dict[int, set[str]] = {}
    for row in found.clusters.select(["mention_id", "cluster"]).to_pylist():
        clusters.setdefault(row["cluster"], set()).add(row["mention_id"])
    return {frozenset(members) for members in clusters.values()}


def together(found: Linkage, *mention_ids: str) -> bool:
    return any(set(mention_ids) <= members for members in partition(found))


def test_the_town_is_put_together(whole):
    entity = pc.take(TOWN["entity_no"], pc.index_in(whole.clusters["mention_id"], value_set=TOWN["mention_id"].combine_chunks()))
    measured = accuracy(whole.clusters["cluster"], entity)
    assert (measured.mentions, measured.precision) == (2700, 1)
    assert measured.recall > 0.99


def test_the_order_of_rows_changes_nothing(whole):
    shuffled = TOWN.take(pa.array(np.random.default_rng(1).permutation(TOWN.num_rows)))
    again = link(shuffled, RULES)
    order = [(c, "ascending") for c in ("left_id", "right_id", "method", "match_probability")]
    assert partition(again) == partition(whole)
    assert again.pairs.sort_by(order).equals(whole.pairs.sort_by(order))


def test_each_mention_has_a_cluster_and_says_by_what(whole):
    assert sorted(whole.clusters["mention_id"].to_pylist()) == sorted(TOWN["mention_id"].to_pylist())
    methods = {row["mention_id"]: row["method"] for row in whole.clusters.to_pylist()}
    assert methods["PSB-0#self"] == "exact"
    assert methods["HSA-10#self"] in ("rule", "probabilistic")  # came without a number


def test_only_pairs_that_are_still_apart_are_for_review(whole):
    review = whole.pairs.filter(whole.pairs["is_review"])
    cluster = dict(zip(*(whole.clusters[c].to_pylist() for c in ("mention_id", "cluster")), strict=True))
    assert all(cluster[row["left_id"]] != cluster[row["right_id"]] for row in review.to_pylist())
    one, other = EXTRA[0], EXTRA[0] | {"citizen_no": citizen_number(EXTRA[0]["citizen_no"][:14] + "777")}
    rows = mention(one, "PSB"), mention(other, "PSB", mention_id="PSB-y#self", as_of="20150131")
    found = link(beside_town(*rows), RULES, model=whole.model).pairs
    doubtful = found.filter(pc.and_(found["is_review"], pc.equal(found["method"], "rule"))).to_pylist()
    assert [{row["left_id"], row["right_id"]} for row in doubtful] == [{f"PSB-{one['entity_no']}#self", "PSB-y#self"}]


def test_a_number_that_two_persons_carry_links_nobody_and_goes_to_the_steward(whole):
    one, other = EXTRA[0], EXTRA[1]
    found = link(beside_town(mention(one, "PSB"), mention(other, "HSA", citizen_no=one["citizen_no"])), RULES, model=whole.model)
    ids = {f"PSB-{one['entity_no']}#self", f"HSA-{other['entity_no']}#self"}
    assert not together(found, *ids)
    shared = found.conflicts.filter(pc.equal(found.conflicts["kind"], "shared_number")).to_pylist()
    assert [{row["left_id"], row["right_id"]} for row in shared] == [ids]


def test_one_number_with_one_name_or_one_birth_date_is_one_person(whole):
    one, other = EXTRA[0], EXTRA[1]
    rows = (
        mention(one, "PSB"),
        mention(one, "HSA", name="欧阳某"),
        mention(other, "PSB"),
        mention(other, "EDU", birth_date="19000101"),
    )
    found = link(beside_town(*rows), RULES, model=whole.model)
    assert together(found, f"PSB-{one['entity_no']}#self", f"HSA-{one['entity_no']}#self")
    assert together(found, f"PSB-{other['entity_no']}#self", f"EDU-{other['entity_no']}#self")


LANDLORD = {"mention_id": "PSB-x#landlord", "source_code": "PSB", "as_of": "20141231"}


def test_a_number_alone_joins_its_person_when_the_records_that_carry_it_are_found_one(whole):
    """Birth date and one character of the name differ, so that two groups carry the number until a rule joins them."""
    one = EXTRA[0]
    other_day = "19000101" if one["birth_date"] != "19000101" else "19000102"
    rows = mention(one, "PSB", name="欧阳某甲"), mention(one, "HSA", name="欧阳某乙", birth_date=other_day)
    mentions = beside_town(*rows, LANDLORD | {"citizen_no": one["citizen_no"]})
    found = link(mentions, RULES, model=whole.model)
    assert together(found, f"PSB-{one['entity_no']}#self", f"HSA-{one['entity_no']}#self", "PSB-x#landlord")
    assert partition(link(mentions, RULES, known_from(found), model=whole.model)) == partition(found)


def test_a_number_alone_joins_nobody_where_two_persons_carry_it(whole):
    one, other = EXTRA[0], EXTRA[1]
    rows = mention(one, "PSB"), mention(other, "HSA", citizen_no=one["citizen_no"])
    mentions = beside_town(*rows, LANDLORD | {"citizen_no": one["citizen_no"]})
    found = link(mentions, RULES, model=whole.model)
    assert frozenset({"PSB-x#landlord"}) in partition(found)
    assert partition(link(mentions, RULES, known_from(found), model=whole.model)) == partition(found)


@pytest.mark.parametrize("number", ["15 digits", "wrong check", "full width"])
def test_a_number_written_otherwise_still_leads_to_its_person(whole, number):
    one = next(p for p in EXTRA if p["birth_date"] < "1999")
    right = one["citizen_no"]
    written = {
        "15 digits": right[:6] + right[8:17],
        "wrong check": right[:17] + ("0" if right[17] != "0" else "1"),
        "full width": "".join(chr(ord(c) + 0xFEE0) for c in right),
    }[number]
    found = link(beside_town(mention(one, "PSB"), mention(one, "HSA", citizen_no=written)), RULES, model=whole.model)
    assert together(found, f"PSB-{one['entity_no']}#self", f"HSA-{one['entity_no']}#self")


def test_two_valid_numbers_are_two_persons_unless_a_steward_says_otherwise(whole):
    one = EXTRA[0]
    second = citizen_number(one["citizen_no"][:14] + "888")
    mentions = beside_town(mention(one, "PSB"), mention(one, "HSA", citizen_no=second))
    ids = [f"{source}-{one['entity_no']}#self" for source in ("PSB", "HSA")]
    found = link(mentions, RULES, model=whole.model)
    assert not together(found, *ids)
    assert [(row["kind"], {row["left_id"], row["right_id"]}) for row in found.conflicts.to_pylist()] == [
        ("two_numbers", set(ids))
    ]
    decided = pa.table({"left_id": [ids[0]], "right_id": [ids[1]], "is_same": [True]})
    assert together(link(mentions, RULES, decided=decided, model=whole.model), *ids)


def test_a_steward_holds_apart_what_would_be_linked(whole):
    ids = ["PSB-10#self", "HSA-10#self"]
    assert together(whole, *ids)
    decided = pa.table({"left_id": [ids[0]], "right_id": [ids[1]], "is_same": [False]})
    assert not together(link(TOWN, RULES, decided=decided, model=whole.model), *ids)


def test_two_relations_in_one_household_of_one_extract_are_two_persons(whole):
    one = EXTRA[0]
    twin = {"citizen_no": None, "mention_id": "PSB-twin#self", "relation_code": "30"}
    later = twin | {"mention_id": "PSB-later#self", "as_of": "20150131"}
    found = link(beside_town(mention(one, "PSB"), mention(one, "PSB", **twin)), RULES, model=whole.model)
    assert not together(found, f"PSB-{one['entity_no']}#self", "PSB-twin#self")
    moved = link(beside_town(mention(one, "PSB"), mention(one, "PSB", **later)), RULES, model=whole.model)
    assert together(moved, f"PSB-{one['entity_no']}#self", "PSB-later#self")


def test_names_alone_are_no_evidence(whole):
    rows = [{"mention_id": f"CA-{i}#party1", "name": "王伟芳", "source_code": "CA", "as_of": "20141231"} for i in range(2)]
    assert not together(link(beside_town(*rows), RULES, model=whole.model), "CA-0#party1", "CA-1#party1")


def test_a_guardian_is_found_in_the_household_of_the_pupil(whole):
    parent, pupil = EXTRA[0], EXTRA[2]
    guardian = {"mention_id": "EDU-x#guardian", "name": parent["name"], "kin_no": pupil["citizen_no"], "source_code": "EDU",
                "as_of": "20141231"}  # fmt: skip
    found = link(beside_town(mention(parent, "PSB"), mention(pupil, "PSB"), guardian), RULES, model=whole.model)
    assert together(found, f"PSB-{parent['entity_no']}#self", "EDU-x#guardian")


def delta(before: Linkage, held: pa.Table, new: pa.Table) -> tuple[Linkage, set[frozenset[str]]]:
    """Link new mentions with those of the entities that they touch; what it found, and all clusters after it."""
    known = known_from(before)
    entity = known["entity_id"].take(pc.index_in(held["mention_id"], value_set=known["mention_id"].combine_chunks()))
    keys = leave_keys(held, entity, RULES, SECRET)
    meets = pc.is_in(entity, value_set=touched(new, keys, RULES, SECRET))
    given = pa.concat_tables([held.filter(meets), new], promote_options="permissive")
    after = link(given, RULES, known, model=before.model, common=shares(given, keys, 900, RULES, SECRET))
    rest = {frozenset(members - set(given["mention_id"].to_pylist())) for members in partition(before)}
    return after, partition(after) | (rest - {frozenset()})


def test_a_delta_gives_the_clusters_of_a_full_linkage(whole):
    """Seven records are new; each touches its person, and those without a number others of that birth date and surname."""
    is_new = pc.and_(pc.equal(pc.bit_wise_and(TOWN["entity_no"], 127), 5), pc.equal(TOWN["source_code"], "HSA"))
    held, new = TOWN.filter(pc.invert(is_new)), TOWN.filter(is_new)
    after, clusters = delta(link(held, RULES, model=whole.model), held, new)
    assert new.num_rows == 7
    assert after.clusters.num_rows < 60
    assert clusters == partition(whole)


def test_a_guardian_touches_the_household_that_the_pupil_leads_to(whole):
    """The household is known of the pupil only, and the parent is found by it."""
    parent, pupil = EXTRA[0], EXTRA[2]
    held = beside_town(mention(parent, "PSB"), mention(pupil, "PSB"))
    guardian = {"mention_id": "EDU-x#guardian", "name": parent["name"], "kin_no": pupil["citizen_no"], "source_code": "EDU",
                "as_of": "20141231"}  # fmt: skip
    after, _ = delta(link(held, RULES, model=whole.model), held, pa.Table.from_pylist([guardian]))
    assert together(after, f"PSB-{parent['entity_no']}#self", "EDU-x#guardian")


def test_keys_say_nothing_without_the_secret(whole):
    known = known_from(whole)
    entity = known["entity_id"].take(pc.index_in(TOWN["mention_id"], value_set=known["mention_id"].combine_chunks()))
    keys, others = (leave_keys(TOWN, entity, RULES, secret) for secret in (SECRET, b"another"))
    assert not pc.any(pc.is_in(keys["key"], value_set=others["key"].combine_chunks())).as_py()
    assert len(touched(TOWN.slice(0, 1), others, RULES, SECRET)) == 0


def test_a_new_mention_can_show_two_entities_to_be_one(whole):
    """Known as two, since one record had a name and a phone only; a third has number, name and that phone."""
    one = EXTRA[0]
    phone = {"mention_id": "CA-x#self", "name": one["name"], "phone": "12000000001", "source_code": "CA", "as_of": "20141231"}
    bridge = mention(one, "HSA", phone="12000000001")
    ids = [f"PSB-{one['entity_no']}#self", "CA-x#self"]
    before = link(beside_town(mention(one, "PSB"), phone), RULES, model=whole.model)
    assert not together(before, *ids)
    after = link(beside_town(mention(one, "PSB"), phone, bridge), RULES, known_from(before), model=whole.model)
    assert together(after, *ids, f"HSA-{one['entity_no']}#self")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_records_are_linked_without_learning(count):
    """Nothing to learn from: no number stands twice."""
    rows = [mention(person, "HSA", citizen_no=None) for person in EXTRA[:count]]
    found = link(TOWN.schema.empty_table() if not rows else pa.Table.from_pylist(rows), RULES)
    assert found.clusters.num_rows == count
    assert pc.count_distinct(found.clusters["cluster"]).as_py() == count
