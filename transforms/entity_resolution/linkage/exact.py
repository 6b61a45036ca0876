"""Profiles that one valid number makes one entity, as long as name or birth date agrees."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from transforms.entity_resolution.linkage.profiles import NONE, Profiles
from transforms.entity_resolution.linkage.rules import ExactKey, LinkageRules


def exact_groups(profiles: Profiles, rules: LinkageRules, known: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Group of each profile, numbered by its first profile. `known`: entity numbers of former runs, -1 for new profiles."""
    labels = [label for key in rules.exact for label in _agreeing(profiles, key)]
    if known is not None:
        labels.append(known)
    groups = joined(len(profiles), labels)
    for key in rules.exact:
        groups = joined(len(profiles), [groups, _bare(profiles, key, groups)])
    return groups


def bare_links(profiles: Profiles, rules: LinkageRules, cluster: NDArray[np.int64]) -> pa.Table:
    """left, right, probability: profiles of nothing but a key, and the one cluster that carries it after all other links.

    Before these links two groups may carry the key; without this a later run would find them one, and only then join.
    """
    found = [_to_the_first(_bare(profiles, key, cluster), cluster) for key in rules.exact]
    left, right = np.concatenate([np.zeros((2, 0), np.int64), *found], axis=1)
    return pa.table({"left": left, "right": right, "probability": np.ones(len(left))})


def _to_the_first(label: NDArray[np.int64], cluster: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two rows: for each label its first profile, and the first one of each other cluster with the label."""
    held = np.flatnonzero(label != NONE)
    _, place = np.unique(np.column_stack([label, cluster])[held], axis=0, return_index=True)
    right = held[np.sort(place)]
    _, first, of_label = np.unique(label[right], return_index=True, return_inverse=True)
    left = right[first][of_label]
    return np.stack([left, right])[:, left != right]


def joined(size: int, labels: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Connected rows: rows that share a label (not -1) in any of the lists. Numbered in the order of their first row."""
    rows, nodes, at = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], size
    for label in labels:
        held = np.flatnonzero(label != NONE)
        _, number = np.unique(label[held], return_inverse=True)
        rows.append(held)
        nodes.append(at + number)
        at += int(number.max(initial=-1)) + 1
    row, node = np.concatenate(rows), np.concatenate(nodes)
    graph = coo_array((np.ones(len(row), np.int8), (row, node)), shape=(at, at))
    return in_order(connected_components(graph, directed=False)[1][:size])


def in_order(labels: NDArray) -> NDArray[np.int64]:
    """Labels renumbered from 0 by where each first occurs."""
    _, first, number = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number].astype(np.int64)


def _agreeing(profiles: Profiles, key: ExactKey) -> list[NDArray[np.int64]]:
    value = profiles.numbers(key.key)
    return [_pairwise(value, profiles.numbers(column)) for column in key.agree] if key.agree else [value]


def _bare(profiles: Profiles, key: ExactKey, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label for profiles that tell nothing but the key: theirs is the one group that carries the key, if there is just one."""
    value = profiles.numbers(key.key)
    if not key.agree:
        return np.full(len(value), NONE)
    is_bare = (value != NONE) & np.all([profiles.numbers(column) == NONE for column in key.agree], axis=0)
    carried = np.unique(np.column_stack([value, groups])[(value != NONE) & ~is_bare], axis=0)
    number, count = np.unique(carried[:, 0], return_counts=True)
    is_one = np.isin(value, number[count == 1]) | ~np.isin(value, number)
    return np.where((value != NONE) & is_one & (is_bare | np.isin(value, value[is_bare])), value, NONE)


def _pairwise(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each pair of numbers; -1 where either is."""
    return np.where((left != NONE) & (right != NONE), left * (int(right.max(initial=0)) + 1) + right, NONE)
