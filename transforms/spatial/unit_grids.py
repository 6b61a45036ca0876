"""Unit grids: tiles of 100 m by 100 m of the built-up area, by arithmetic in EPSG:4549, none across a community's border.

The built-up area is that of the residents' communities (the last three digits of their codes are 001 to 199, those of
villages 200 to 399). A sliver that the border leaves joins the neighbour with which it shares the longest edge, and a
building belongs wholly to the tile of its middle (GB/T 30428.1: grids do not cut buildings). Codes are the community's with
three digits, from north-west to south-east.
"""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from lakehouse.geo import from_plane, to_plane
from transforms.spatial import geometry
from transforms.spatial.geometry import Geometries

EDGE_M = 100
SLIVER_M2 = 2_500.0
MOST = 999


class Tiles(NamedTuple):
    """Tiles of one community; `column` and `row` count 100 m from the origin of EPSG:4549."""

    polygons: Geometries
    column: NDArray[np.int64]
    row: NDArray[np.int64]


def is_community(code: str) -> bool:
    """Whether a division is a residents' community, as the statistics bureau numbers them."""
    return len(code) == 12 and 1 <= int(code[9:]) <= 199


def unit_grids(code: str, outline: shapely.Geometry, footprints: Geometries) -> tuple[list[str], Geometries]:
    """Codes and polygons (degrees) of a community's unit grids. Raises ValueError when there are more than 999."""
    tiles = merge_slivers(_pieces(outline))
    if len(tiles.polygons) > MOST:
        raise ValueError(f"Community {code}: {len(tiles.polygons)} unit grids; a code has room for {MOST}, so divide it first.")
    order = np.lexsort([tiles.column, -tiles.row])
    polygons = keep_whole(tiles.polygons[order], footprints, outline)
    return [f"{code}{number:03d}" for number in range(1, len(polygons) + 1)], polygons


def _pieces(outline: shapely.Geometry) -> Tiles:
    """The squares that the outline touches, cut along it; a square that it divides gives several pieces."""
    x, y = to_plane(*shapely.get_coordinates(shapely.segmentize(outline, geometry.DENSE_DEG)).T)
    columns, rows = (np.arange(np.floor(v.min() / EDGE_M), np.floor(v.max() / EDGE_M) + 1) for v in (x, y))
    column, row = (v.ravel().astype(np.int64) for v in np.meshgrid(columns, rows))
    parts, square = shapely.get_parts(shapely.intersection(_squares(column, row), outline), return_index=True)
    is_area = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    return Tiles(parts[is_area], column[square[is_area]], row[square[is_area]])


def _squares(column: NDArray, row: NDArray) -> Geometries:
    """Squares in degrees; neighbours have the very same corners."""
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    rings = [np.stack(from_plane((column + i) * float(EDGE_M), (row + j) * float(EDGE_M)), axis=-1) for i, j in corners]
    return shapely.polygons(np.stack(rings, axis=1))


def merge_slivers(tiles: Tiles) -> Tiles:
    """Pieces below a quarter of a tile joined to the neighbour with the longest common edge, the smallest first."""
    polygons, area = np.array(tiles.polygons, object), geometry.area_m2(tiles.polygons)
    alive = np.ones(len(polygons), bool)
    tree = shapely.STRtree(tiles.polygons)
    while len(small := np.flatnonzero(alive & (area < SLIVER_M2))):
        piece = small[np.argmin(area[small])]
        near = [n for n in tree.query(polygons[piece], predicate="intersects") if alive[n] and n != piece]
        common = shapely.length(shapely.intersection(polygons[near], polygons[piece])) if near else np.zeros(0)
        if not common.any():
            area[piece] = np.inf  # an island of its own stays as it is
            continue
        host = near[int(np.argmax(common))]
        polygons[host], area[host] = shapely.union(polygons[host], polygons[piece]), area[host] + area[piece]
        alive[piece] = False
        tree = shapely.STRtree(polygons)
    return Tiles(polygons[alive], tiles.column[alive], tiles.row[alive])


def keep_whole(tiles: Geometries, footprints: Geometries, outline: shapely.Geometry) -> Geometries:
    """Tiles such that no building within the community lies in two of them."""
    tiles, tree = np.array(tiles, object), shapely.STRtree(tiles)
    middles = shapely.centroid(footprints)
    building, tile = tree.query(footprints, predicate="intersects")
    for number in np.flatnonzero(np.bincount(building, minlength=len(footprints)) > 1):
        near = tile[building == number]
        holds = [t for t in near if shapely.intersects(tiles[t], middles[number])]
        if holds:
            inside = shapely.intersection(footprints[number], outline)
            for other in near[near != holds[0]]:
                tiles[other] = shapely.difference(tiles[other], inside)
            tiles[holds[0]] = shapely.union(tiles[holds[0]], inside)
    return tiles
