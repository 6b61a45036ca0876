"""Whether polygons tile an outline, and tiles that do: no gap, no overlap, nothing beyond the border."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from transforms.spatial import geometry
from transforms.spatial.geometry import Geometries

TOLERANCE_M2 = 1.0


class Faults(NamedTuple):
    """Square metres of the outline that no tile covers, that several cover, and of tiles beyond the outline."""

    gap_m2: float
    overlap_m2: float
    beyond_m2: float

    @property
    def are_small(self) -> bool:
        return max(self) <= TOLERANCE_M2


def faults(tiles: Geometries, outline: shapely.Geometry) -> Faults:
    """What is wrong with the tiles of one outline."""
    whole = shapely.union_all(tiles)
    gap, beyond = shapely.difference(outline, whole), shapely.difference(whole, outline)
    covered, summed = float(geometry.area_m2(whole)), float(np.sum(geometry.area_m2(tiles)))
    return Faults(float(geometry.area_m2(gap)), max(summed - covered, 0.0), float(geometry.area_m2(beyond)))


class Tiled(NamedTuple):
    """Tiles that tile; the faults of each as sent (rows of `Faults`, not-a-number without an outline); which were fitted."""

    polygons: Geometries
    faults: NDArray[np.float64]
    is_fitted: NDArray[np.bool_]


def tiled(tiles: Geometries, owners: NDArray[np.object_], outlines: Mapping[str, shapely.Geometry]) -> Tiled:
    """The tiles of every owner held against its outline; those of an owner that do not tile it are fitted to it."""
    made, mended = np.array(tiles, object), np.zeros(len(tiles), bool)
    found = np.full((len(Faults._fields), len(tiles)), np.nan)
    for owner in sorted(set(owners) & outlines.keys()):
        rows = np.flatnonzero(owners == owner)
        wrong = faults(tiles[rows], outlines[owner])
        found[:, rows] = np.array(wrong)[:, None]
        if not wrong.are_small:
            made[rows], mended[rows] = fitted(tiles[rows], outlines[owner]), True
    return Tiled(made, found, mended)


def fitted(tiles: Geometries, outline: shapely.Geometry) -> Geometries:
    """Tiles cut to the outline, each without what an earlier one holds; gaps go to the tile with the longest common edge."""
    made, taken = [], shapely.Polygon()
    for tile in tiles:
        made.append(shapely.difference(shapely.intersection(tile, outline), taken))
        taken = shapely.union(taken, tile)
    cut = np.array(made, object)
    for gap in shapely.get_parts(shapely.difference(outline, taken)):
        common = shapely.length(shapely.intersection(cut, gap))
        cut[int(np.argmax(common))] = shapely.union(cut[int(np.argmax(common))], gap)
    return cut
