"""Counted random numbers: the published generator, independent of order and partition, evenly spread."""

import numpy as np
from scipy import stats

from sample_city.randomness import Draws, rank_in_groups, rank_in_rows, splitmix64


def test_splitmix64_gives_the_published_outputs() -> None:
    """The first outputs of SplitMix64 for the state 1234567, as its reference implementation in C prints them."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert splitmix64(1234567, np.arange(5)).tolist() == expected


def test_a_value_depends_on_seed_stream_and_number_alone() -> None:
    draws, numbers = Draws(7), np.arange(1000)
    whole = draws.uniform("a", numbers)
    order = np.random.default_rng(1).permutation(1000)
    assert (draws.uniform("a", numbers[order]) == whole[order]).all()
    assert (draws.uniform("a", numbers.reshape(10, 100)[3]) == whole[300:400]).all()
    assert not (draws.uniform("b", numbers) == whole).any()
    assert not (Draws(8).uniform("a", numbers) == whole).any()


def test_numbers_are_even_in_value_and_from_one_to_the_next() -> None:
    drawn = Draws(7).uniform("even", np.arange(200_000))
    assert stats.chisquare(np.histogram(drawn, 100, (0, 1))[0]).pvalue > 0.01
    pairs = np.histogram2d(drawn[:-1], drawn[1:], 10, [(0, 1), (0, 1)])[0]
    assert stats.chisquare(pairs.ravel()).pvalue > 0.01


def test_streams_do_not_follow_each_other() -> None:
    draws, numbers = Draws(7), np.arange(100_000)
    assert abs(np.corrcoef(draws.uniform("one", numbers), draws.uniform("two", numbers))[0, 1]) < 0.01


def test_picks_follow_their_weights() -> None:
    weights = np.array([1.0, 0.0, 3.0, 6.0])
    picked = np.bincount(Draws(7).pick("w", np.arange(50_000), weights), minlength=4)
    assert picked[1] == 0
    expected = weights[weights > 0] / weights.sum() * 50_000
    assert stats.chisquare(picked[weights > 0], expected).pvalue > 0.01


def test_bounds_are_kept_on_both_ends() -> None:
    drawn = Draws(7).between("b", np.arange(10_000), np.full(10_000, 3), 5)
    assert sorted(set(drawn.tolist())) == [3, 4, 5]


def test_ranks_by_hand() -> None:
    assert rank_in_rows(np.array([[0.3, 0.1, 0.2], [5.0, 6.0, 5.0]])).tolist() == [[2, 0, 1], [0, 2, 1]]
    assert rank_in_groups(np.array([1, 2, 1, 1, 2]), np.array([0, 0, 0, 9, 0])).tolist() == [0, 0, 1, 0, 1]
