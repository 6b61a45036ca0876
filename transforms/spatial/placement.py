"""Points into polygons: the kernel of all placing, pure NumPy and prepared polygons, the same in Spark tasks and tests.

Polygons of a tiling share their edges, and edges are half open: a point on an edge that two polygons share is the one's to
the east of it, on a horizontal edge the one's to the north. A point on the outer edge of a tiling is inside.
"""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

NOWHERE = -1
NUDGE = np.array([2e-9, 1e-9])
"""East and a little north, in units of degrees: a fifth of a millimetre. It decides for points on shared edges alone."""


class Tiling(NamedTuple):
    """Polygons by their codes; x is longitude. The place in the arrays is the polygon's number."""

    codes: NDArray[np.object_]
    polygons: NDArray[np.object_]


def tiling(codes: ArrayLike, polygons: ArrayLike) -> Tiling:
    """A tiling in order of codes, its polygons prepared for many questions."""
    codes, polygons = np.asarray(codes, object), np.asarray(polygons, object)
    order = np.argsort(codes.astype(str), kind="stable")
    shapely.prepare(polygons[order])
    return Tiling(codes[order], polygons[order])


def place(x: ArrayLike, y: ArrayLike, polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Number of the polygon that holds each point, -1 for none. Where polygons overlap, the first one counts."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    found, shared = np.full(len(x), NOWHERE, np.int64), []
    order = np.argsort(x)
    sorted_x, sorted_y = x[order], y[order]
    for number, polygon, low, high, (south, north) in _by_columns(sorted_x, polygons):
        near = low + np.flatnonzero((sorted_y[low:high] >= south) & (sorted_y[low:high] <= north))
        inside = order[near[shapely.intersects_xy(polygon, sorted_x[near], sorted_y[near])]]
        taken = found[inside] != NOWHERE
        shared.append(inside[taken])
        found[inside[~taken]] = number
    return _settle_edges(x, y, polygons, found, np.unique(np.concatenate(shared))) if shared else found


def places_of(x: ArrayLike, y: ArrayLike, within: Tiling) -> NDArray[np.object_]:
    """Code of the polygon that holds each point, None for none."""
    return np.append(within.codes, None)[place(x, y, within.polygons)]


def _by_columns(sorted_x: NDArray, polygons: NDArray[np.object_]):
    """Each polygon with the stretch of sorted points between its western and eastern end, and its extent north."""
    west, south, east, north = shapely.bounds(polygons).T
    lows, highs = np.searchsorted(sorted_x, west), np.searchsorted(sorted_x, east, side="right")
    for number in np.flatnonzero(highs > lows):
        yield number, polygons[number], lows[number], highs[number], (south[number], north[number])


def _settle_edges(x: NDArray, y: NDArray, polygons: NDArray[np.object_], found: NDArray, rows: NDArray) -> NDArray[np.int64]:
    """Points that several polygons touch go to the one that holds the place just north-east of them."""
    if len(rows):
        tree = shapely.STRtree(polygons)
        beside = shapely.points(np.stack([x[rows], y[rows]], axis=1) + NUDGE)
        point, number = tree.query(beside, predicate="within")
        first = np.full(len(rows), len(polygons))
        np.minimum.at(first, point, number)
        found[rows] = np.where(first < len(polygons), first, found[rows])
    return found
