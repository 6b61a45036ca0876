"""Measures of linkage: every expected value is counted by hand, or by making all pairs of a small random case."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from quality.linkage.measures import accuracy, by_subgroup
from quality.linkage.thresholds import choose, curve

# Entity A has mentions 1-3, B has 4-5, C has 6. Found: {1, 2}, {3, 4}, {5}, {6}.
ENTITIES = pa.array(["A", "A", "A", "B", "B", "C"])
CLUSTERS = pa.array([7, 7, 8, 8, 9, 5])


def test_pairs_and_bcubed_of_a_small_case():
    found = accuracy(CLUSTERS, ENTITIES)
    assert (found.mentions, found.clusters, found.entities) == (6, 4, 3)
    assert found.precision == pytest.approx(1 / 2)  # pairs 1-2 (right), 3-4 (wrong)
    assert found.recall == pytest.approx(1 / 4)  # true pairs 1-2, 1-3, 2-3, 4-5
    assert found.f1 == pytest.approx(1 / 3)
    assert found.bcubed_precision == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1 + 1) / 6)
    assert found.bcubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)


def test_perfect_linkage_and_no_linkage():
    perfect, apart = accuracy(ENTITIES, ENTITIES), accuracy(pa.array(range(6)), ENTITIES)
    assert (perfect.precision, perfect.recall, perfect.f1, perfect.bcubed_f1) == (1, 1, 1, 1)
    assert (apart.precision, apart.recall, apart.f1) == (1, 0, 0)


def test_agrees_with_all_pairs_made():
    draws = np.random.default_rng(3)
    cluster, entity = draws.integers(0, 40, 200), draws.integers(0, 50, 200)
    pairs = list(combinations(range(200), 2))
    found = {(a, b) for a, b in pairs if cluster[a] == cluster[b]}
    true = {(a, b) for a, b in pairs if entity[a] == entity[b]}
    measured = accuracy(pa.array(cluster), pa.array(entity))
    assert measured.precision == pytest.approx(len(found & true) / len(found))
    assert measured.recall == pytest.approx(len(found & true) / len(true))


@pytest.mark.parametrize(
    "clusters, entities", [([1, 2], [1]), ([1, None], [1, 2]), ([], [])], ids=["other length", "null", "no mention"]
)
def test_columns_that_do_not_fit_are_refused(clusters, entities):
    with pytest.raises(ValueError, match="one cluster and one entity for every mention"):
        accuracy(pa.array(clusters, pa.int64()), pa.array(entities, pa.int64()))


def test_subgroups_share_a_pair_between_them():
    found = by_subgroup(CLUSTERS, ENTITIES, pa.array(["x", "x", "x", "y", "y", None])).to_pylist()
    x, y, none = found
    assert (x["subgroup"], y["subgroup"], none["subgroup"]) == ("x", "y", None)
    assert x["precision"] == pytest.approx(2 / 3)  # mates found: 1-2, 2-1, 3-4; hits 1-2, 2-1
    assert x["recall"] == pytest.approx(2 / 6)
    assert y["precision"] == 0
    assert (none["mentions"], none["entities"], none["recall"]) == (1, 1, 1)


def test_intervals_come_from_whole_entities():
    """1000 entities of two mentions; a tenth is not joined. Standard error of the share: sqrt(0.1 * 0.9 / 1000) = 0.0095."""
    entity = np.repeat(np.arange(1000), 2)
    cluster = entity.copy()
    cluster[1:200:2] += 5000
    (row,) = by_subgroup(pa.array(cluster), pa.array(entity), pa.array(["all"] * 2000)).to_pylist()
    assert row["recall"] == pytest.approx(0.9)
    assert row["recall_low"] == pytest.approx(0.9 - 1.96 * 0.0095, abs=0.003)
    assert row["recall_high"] == pytest.approx(0.9 + 1.96 * 0.0095, abs=0.003)
    assert row["precision_low"] == row["precision_high"] == 1


def test_curve_counts_pairs_at_each_probability():
    found = curve(np.array([0.5, 0.9, 0.99, 0.9]), np.array([True, False, True, True]), true_pairs=4)
    assert found["threshold"].to_pylist() == [0.99, 0.9, 0.5]
    assert found["precision"].to_pylist() == pytest.approx([1, 2 / 3, 3 / 4])
    assert found["recall"].to_pylist() == pytest.approx([1 / 4, 2 / 4, 3 / 4])
    assert found["f1"].to_pylist() == pytest.approx([2 / 5, 4 / 7, 3 / 4])
    assert found["false_links"].to_pylist() == [0, 1, 1]
    assert found["missed_links"].to_pylist() == [3, 2, 1]


def test_choice_weighs_false_against_missed_links():
    found = curve(np.array([0.5, 0.9, 0.99, 0.9]), np.array([True, False, True, True]), true_pairs=4)
    strict, lax = choose(found), choose(found, false_link=1)
    assert (strict.threshold, strict.cost) == (0.99, 3)
    assert (lax.threshold, lax.cost) == (0.5, 2)
    assert "1 false links at 1 and 1 missed at 1 cost 2" in lax.words(1, 1)


def test_a_curve_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="only 0 pairs are said to be true"):
        curve(np.array([0.9]), np.array([True]), true_pairs=0)
    with pytest.raises(ValueError, match="No pair was scored"):
        choose(curve(np.array([]), np.array([], bool), true_pairs=2))
