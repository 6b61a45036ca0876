"""Groups joined by links, best link first, unless that would put together what cannot be one entity."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.entity_resolution.linkage.profiles import NONE, Profiles
from transforms.entity_resolution.linkage.rules import LinkageRules

STEWARD = "steward"


@dataclass
class Forest:
    """Groups that are joined one link at a time; each tree carries what no other tree that it joins may contradict.

    `values`: per column that may not differ, the number that the tree carries. `places`: (list, `same`) -> `differ`.
    `apart`: roots that a steward holds apart from a root.
    """

    parent: NDArray[np.int64]
    values: list[dict[int, int]]
    places: dict[int, dict[tuple[int, int], int]]
    apart: dict[int, set[int]] = field(default_factory=dict)

    def root(self, group: int) -> int:
        path = []
        while (above := int(self.parent[group])) != group:
            path.append(group)
            group = above
        self.parent[path] = group
        return group

    def contradict(self, one: int, other: int) -> bool:
        """Whether two roots carry different values, or stand in one list under one `same` with another `differ`."""
        if other in self.apart.get(one, ()):
            return True
        for values in self.values:
            if one in values and other in values and values[one] != values[other]:
                return True
        mine, theirs = self.places.get(one, {}), self.places.get(other, {})
        return any(key in theirs and theirs[key] != said for key, said in mine.items())

    def hold_apart(self, one: int, other: int) -> None:
        """What a steward decided; both are roots. One group is not taken apart here."""
        if one == other:
            return
        self.apart.setdefault(one, set()).add(other)
        self.apart.setdefault(other, set()).add(one)

    def join(self, one: int, other: int) -> None:
        low, high = min(one, other), max(one, other)
        self.parent[high] = low
        for values in self.values:
            if high in values:
                values.setdefault(low, values.pop(high))
        for other in self.apart.pop(high, ()):
            self.apart[other].discard(high)
            self.hold_apart(low, other)
        if high in self.places:
            self.places[low] = self.places.pop(high) | self.places.get(low, {})


def plant(
    profiles: Profiles, groups: NDArray[np.int64], extracts: NDArray[np.int64], is_touched: NDArray[np.bool_], rules: LinkageRules
) -> Forest:
    """A forest of the groups. `is_touched`: profiles of groups that a link may join, the only ones of which it must know more.

    `extracts`: per mention the number of the list that it stands in, -1 where that is of no matter.
    """
    values = [_carried(np.where(is_touched, profiles.numbers(column), NONE), groups) for column in rules.cannot_link.different]
    together = rules.cannot_link.together
    places: dict[int, dict[tuple[int, int], int]] = {}
    if together:
        same, differ = (profiles.numbers(column)[profiles.of_mention] for column in (together.same, together.differ))
        rows = np.flatnonzero((same != NONE) & (differ != NONE) & (extracts != NONE))
        for row, group in zip(rows.tolist(), groups[profiles.of_mention[rows]].tolist(), strict=True):
            places.setdefault(group, {})[(int(extracts[row]), int(same[row]))] = int(differ[row])
    return Forest(np.arange(int(groups.max(initial=-1)) + 1), values, places)


def grow(forest: Forest, links: pa.Table, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Join groups by links (left, right: profiles; method), in their order; which links were followed.

    A link that would contradict is not, unless a steward made it: so a chain is cut at its weakest link.
    """
    followed = np.zeros(links.num_rows, bool)
    left, right = groups[links["left"].to_numpy()].tolist(), groups[links["right"].to_numpy()].tolist()
    methods = links["method"].to_pylist()
    for place, (one, other, method) in enumerate(zip(left, right, methods, strict=True)):
        one, other = forest.root(one), forest.root(other)
        followed[place] = one == other or method == STEWARD or not forest.contradict(one, other)
        if one != other and followed[place]:
            forest.join(one, other)
    return followed


def clusters(forest: Forest, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cluster of each profile: the lowest group in its tree."""
    root = forest.parent
    while (above := root[root]).tobytes() != root.tobytes():
        root = above
    return root[groups]


def _carried(numbers: NDArray[np.int64], groups: NDArray[np.int64]) -> dict[int, int]:
    held = numbers != NONE
    return dict(zip(groups[held].tolist(), numbers[held].tolist(), strict=True))
