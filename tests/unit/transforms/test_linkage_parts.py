"""Parts of the linkage by themselves: the guard of blocking, rule files, forms of values, clusters with cannot-links."""

import numpy as np
import pyarrow as pa
import pytest
import yaml

from lakehouse.contracts.yaml_file import ContractError
from transforms.entity_resolution.linkage import LinkageError, load_rules, rules_of
from transforms.entity_resolution.linkage.blocking import candidates, count_pairs, guard
from transforms.entity_resolution.linkage.clustering import Forest, clusters, grow
from transforms.entity_resolution.linkage.exact import in_order, joined
from transforms.entity_resolution.linkage.normalise import encode
from transforms.entity_resolution.linkage.profiles import connection
from transforms.entity_resolution.linkage.rules import FOLDER, Block


@pytest.fixture
def engine():
    """Six profiles: three of one street and one of no street at all; the fifth has an empty one."""
    with connection() as made:
        made.execute(
            "create table profiles as select profile, profile as grp, street, is_open, true as is_new from (values "
            "(0, 'a', true), (1, 'a', false), (2, 'a', false), (3, null, true), (4, null, true), (5, 'b', true)"
            ") as t(profile, street, is_open)"
        )
        yield made


def test_pairs_are_counted_before_they_are_made(engine):
    assert count_pairs(engine, ["street"], "is_new") == 3  # of three equal ones
    assert count_pairs(engine, ["street"], "is_open") == 2  # only the first is open: with the second, with the third


def test_a_missing_key_never_blocks(engine):
    candidates(engine, [Block(equal=("street",), pair_limit=10)])
    assert engine.sql("select join_key_l, join_key_r from candidates order by all").fetchall() == [(0, 1), (0, 2)]


def test_too_many_pairs_are_refused_in_one_sentence(engine):
    with pytest.raises(
        LinkageError, match=r"^Rule street makes 3 pairs, the limit is 2; add a column to it or raise its limit\.$"
    ):
        guard(engine, "street", ["street"], 2, "is_new")


def test_an_empty_key_is_refused(engine):
    engine.execute("update profiles set street = '' where profile > 3")
    with pytest.raises(LinkageError, match="would block 2 profiles on an empty street"):
        guard(engine, "street", ["street"], 100, "is_new")


def test_a_column_that_no_form_makes_is_refused(engine):
    with pytest.raises(LinkageError, match="asks for column road, which no form"):
        guard(engine, "by road", ["street", "road"], 100, "is_new")


@pytest.mark.parametrize(
    "place, value, said",
    [
        (("thresholds", "link"), 0.5, "thresholds must rise"),
        (("blocking",), [{"equal": [], "pair_limit": 5}], "blocking.0.equal"),
        (("columns", "name"), "nickname", "columns.name.form"),
        (("speed",), 3, "speed"),
    ],
)
def test_a_rule_file_with_a_fault_is_refused(tmp_path, place, value, said):
    rules = yaml.safe_load((FOLDER / "linkage-persons.yaml").read_text("utf-8"))
    at = rules
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    with pytest.raises(ContractError, match=rf"wrong\.yaml: .*{said}"):
        load_rules(tmp_path / "wrong.yaml")


def test_every_rule_asks_for_columns_that_are_there():
    for kind in ("persons", "enterprises"):
        rules = rules_of(kind)
        made = {name for c in encode(pa.table({"mention_id": ["m"]}), rules).values() for name in c.values}
        asked = {name for rule in (*rules.rules, *rules.conflicts, *rules.blocking) for name in rule.equal}
        assert asked | {key.key for key in rules.exact} <= made


def test_letters_that_look_like_digits_are_read_as_such():
    """GB 32100 has no I, O, S, V, Z. 91330100799655058B is written with the letter O for a zero."""
    rules = rules_of("enterprises")
    sent = pa.table({"uscc_as_sent": ["913301OO799655058b", "91330100799655058B", "91330100799655058C", None]})
    numbers = encode(sent, rules)["uscc"].numbered("uscc")
    assert numbers[0] == numbers[1] >= 0
    assert numbers[2:].tolist() == [-1, -1]


def test_rows_that_share_a_label_are_connected():
    one, other = np.array([0, 0, -1, 1, -1, -1]), np.array([-1, 5, 5, -1, 7, -1])
    assert joined(6, [one, other]).tolist() == [0, 0, 0, 1, 2, 3]
    assert in_order(np.array([9, 4, 9, 2])).tolist() == [0, 1, 0, 2]


def links(*rows: tuple[int, int, str]) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(("left", "right", "method"))})


def test_a_chain_between_two_numbers_is_cut_at_its_weakest_link():
    """0 and 3 carry different numbers; links come best first, so the last one, between 1 and 2, closes no chain."""
    groups = np.arange(4)
    forest = Forest(np.arange(4), [{0: 10, 3: 11}], {})
    followed = grow(forest, links((0, 1, "rule"), (2, 3, "rule"), (1, 2, "probabilistic")), groups)
    assert followed.tolist() == [True, True, False]
    assert clusters(forest, groups).tolist() == [0, 0, 2, 2]


def test_a_steward_may_join_two_numbers():
    forest = Forest(np.arange(2), [{0: 10, 1: 11}], {})
    assert grow(forest, links((0, 1, "steward")), np.arange(2)).tolist() == [True]


def test_what_is_held_apart_stays_apart_through_others():
    forest = Forest(np.arange(3), [{}], {})
    forest.hold_apart(0, 2)
    assert grow(forest, links((1, 2, "rule"), (0, 1, "rule")), np.arange(3)).tolist() == [True, False]


def test_a_group_is_not_held_apart_from_itself():
    forest = Forest(np.arange(2), [{}], {})
    forest.hold_apart(1, 1)
    assert grow(forest, links((0, 1, "rule")), np.arange(2)).tolist() == [True]


def test_places_in_one_list_are_kept_when_trees_join():
    """1 stands as 12, 2 as 20 in household 5 of list 0; 0 stands in none."""
    forest = Forest(np.arange(3), [], {1: {(0, 5): 12}, 2: {(0, 5): 20}})
    assert grow(forest, links((0, 1, "rule"), (0, 2, "rule")), np.arange(3)).tolist() == [True, False]
