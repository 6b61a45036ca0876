"""Counter-based random numbers: a value is a function of (seed, stream name, entity number) and of nothing else.

SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, with the
mixing constants of variant 13 by D. Stafford. Output n of a generator started at `key` is mix(key + (n + 1) * gamma),
so any output can be had directly.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _ONE = (np.uint64(n) for n in (30, 27, 31, 11, 1))


def splitmix64(key: int, numbers: np.ndarray) -> np.ndarray:
    """Outputs `numbers` (counted from 0) of the SplitMix64 generator started at `key`; uint64, same shape."""
    with np.errstate(over="ignore"):
        z = np.uint64(key) + (numbers.astype(np.uint64) + _ONE) * GAMMA
        z = (z ^ (z >> _S30)) * _MIX_1
        z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


class Draws:
    """The random numbers of one seed. Every method takes a stream name and entity numbers and keeps their shape."""

    def __init__(self, seed: int):
        self.seed = seed

    def bits(self, stream: str, numbers: np.ndarray) -> np.ndarray:
        digest = hashlib.sha256(f"{self.seed}|{stream}".encode()).digest()
        return splitmix64(int.from_bytes(digest[:8], "little"), np.asarray(numbers))

    def uniform(self, stream: str, numbers: np.ndarray) -> np.ndarray:
        """In [0, 1), 53 bits."""
        return (self.bits(stream, numbers) >> _S11) * 2.0**-53

    def below(self, stream: str, numbers: np.ndarray, limit: np.ndarray | int) -> np.ndarray:
        """Whole numbers in [0, limit); `limit` may differ by entity."""
        return (self.uniform(stream, numbers) * limit).astype(np.int64)

    def between(self, stream: str, numbers: np.ndarray, low, high) -> np.ndarray:
        """Whole numbers in [low, high], both ends included."""
        low, high = np.asarray(low), np.asarray(high)
        return low + self.below(stream, numbers, high - low + 1)

    def pick(self, stream: str, numbers: np.ndarray, weights: Sequence[float]) -> np.ndarray:
        """Index of a category, with probability in proportion to its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=float))
        found = np.searchsorted(edges, self.uniform(stream, numbers) * edges[-1], side="right")
        return np.minimum(found, len(edges) - 1)

    def chance(self, stream: str, numbers: np.ndarray, probability) -> np.ndarray:
        return self.uniform(stream, numbers) < probability


def rank_in_rows(score: np.ndarray) -> np.ndarray:
    """Rank (from 0) of each value within its row of a 2-D array; ties by position. Dealing by rank makes totals exact."""
    order = np.argsort(score, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(score.shape[1])[None, :].repeat(len(score), 0), axis=1)
    return ranks


def rank_in_groups(*keys: np.ndarray) -> np.ndarray:
    """For each row, how many earlier rows carry the same keys (from 0)."""
    order = np.lexsort((np.arange(len(keys[0])), *keys))
    starts = np.zeros(len(order), dtype=bool)
    starts[:1] = True
    for key in keys:
        starts[1:] |= key[order][1:] != key[order][:-1]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - first
    return ranks
