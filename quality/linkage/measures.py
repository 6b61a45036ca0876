"""Error of a linkage against truth: pairs, B-cubed, and intervals by subgroup, from contingency counts alone.

Every mention has a cluster (found) and an entity (true). For one mention, its mates are the other mentions of its cluster, its
true mates those of its entity, its hits those that are both. Sums of the three over all mentions are twice the numbers of
pairs, so that precision and recall of pairs come out without a pair being made. B-cubed: Bagga and Baldwin (1998).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Column = pa.Array | pa.ChunkedArray
MEASURES = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")


@dataclass(frozen=True)
class Accuracy:
    """Shares from 0 to 1, and what they were counted from. Nothing linked has precision 1, nothing to link recall 1."""

    mentions: int
    clusters: int
    entities: int
    precision: float
    recall: float
    f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float


@dataclass(frozen=True)
class _Mates:
    """Per mention: places of its cluster and its entity, mates found, true mates, hits."""

    cluster: NDArray[np.int64]
    entity: NDArray[np.int64]
    found: NDArray[np.int64]
    true: NDArray[np.int64]
    hits: NDArray[np.int64]

    def terms(self) -> NDArray[np.float64]:
        """Columns that all measures are quotients of sums of: hits, found, true, B-cubed precision and recall, one."""
        precision, recall = (self.hits + 1) / (self.found + 1), (self.hits + 1) / (self.true + 1)
        return np.column_stack([self.hits, self.found, self.true, precision, recall, np.ones(len(self.hits))])


def accuracy(clusters: Column, entities: Column) -> Accuracy:
    """Measures of a whole linkage; both columns have one value a mention, in the same order.

    Raises ValueError for columns of different length, for nulls, and for no mentions.
    """
    mates = _mates(clusters, entities)
    counts = (len(mates.cluster), int(mates.cluster.max()) + 1, int(mates.entity.max()) + 1)
    return Accuracy(*counts, *(float(v) for v in _measures(mates.terms().sum(axis=0))))


def by_subgroup(clusters: Column, entities: Column, groups: Column, seed: int = 1, replicates: int = 1000) -> pa.Table:
    """Measures of each subgroup with 95 % intervals: subgroup, mentions, entities, then each measure, its `_low` and `_high`.

    A pair of mentions of two subgroups counts half in either. Intervals are percentiles of `replicates` bootstrap samples of
    whole entities, since the mentions of one entity share their errors. Null is a subgroup of its own. Raises as `accuracy`.
    """
    mates = _mates(clusters, entities)
    names = pc.unique(groups).sort()
    place = pc.fill_null(pc.index_in(groups, value_set=names), 0).to_numpy()
    rows = [_row(mates, place == i, seed, replicates) for i in range(len(names))]
    return pa.Table.from_pylist(rows).add_column(0, "subgroup", names)


def _mates(clusters: Column, entities: Column) -> _Mates:
    if len(clusters) != len(entities) or clusters.null_count or entities.null_count or len(clusters) == 0:
        told = f"{len(clusters)} clusters with {clusters.null_count} nulls, {len(entities)} entities with {entities.null_count}"
        raise ValueError(f"Measures of linkage need one cluster and one entity for every mention, at least one: got {told}.")
    cluster, entity = _places(clusters), _places(entities)
    both = _places(pa.array(cluster * (int(entity.max()) + 1) + entity))
    sizes = (np.bincount(place)[place] - 1 for place in (cluster, entity, both))
    return _Mates(cluster, entity, *sizes)


def _places(values: Column) -> NDArray[np.int64]:
    """Numbers from 0 for the different values."""
    return pc.index_in(values, value_set=pc.unique(values)).to_numpy().astype(np.int64)


def _measures(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of terms, one row a sample -> the six `MEASURES`."""
    hits, found, true, bcubed_precision, bcubed_recall, mentions = np.moveaxis(sums, -1, 0)
    pairs = _share(hits, found), _share(hits, true)
    bcubed = _share(bcubed_precision, mentions), _share(bcubed_recall, mentions)
    return np.stack([*pairs, _harmonic(*pairs), *bcubed, _harmonic(*bcubed)], axis=-1)


def _share(part: NDArray, whole: NDArray) -> NDArray:
    return np.where(whole > 0, part / np.maximum(whole, 1e-300), 1.0)


def _harmonic(precision: NDArray, recall: NDArray) -> NDArray:
    return _share(2 * precision * recall, precision + recall) * (precision + recall > 0)


def _row(mates: _Mates, chosen: NDArray[np.bool_], seed: int, replicates: int) -> dict[str, float]:
    terms, entity = mates.terms()[chosen], _places(pa.array(mates.entity[chosen]))
    entities = int(entity.max()) + 1
    per_entity = np.stack([np.bincount(entity, weights=column) for column in terms.T], axis=1)
    draws = np.random.default_rng(seed)
    drawn = (np.bincount(draws.integers(0, entities, entities), minlength=entities) for _ in range(replicates))
    samples = _measures(np.stack([times @ per_entity for times in drawn]))
    low, high = np.percentile(samples, [2.5, 97.5], axis=0)
    row: dict[str, float] = {"mentions": len(terms), "entities": entities}
    for name, *values in zip(MEASURES, _measures(terms.sum(axis=0)), low, high, strict=True):
        row |= {name + end: float(value) for end, value in zip(("", "_low", "_high"), values, strict=True)}
    return row
