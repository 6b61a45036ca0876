"""Road lines of a map -> directed segments: split where lines meet, one row for each direction that may be driven."""
# pyright: reportAttributeAccessIssue=false

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from transforms.spatial import geometry
from transforms.spatial.buildings import ids_of
from transforms.spatial.geometry import Geometries

OF_THE_ROAD = ("name", "class_code", "lanes", "free_speed_kmh", "position_fault")
ONE_WAY = ("motorway",)
"""Classes of which a line is one carriageway, driven as drawn, where the map does not say otherwise."""
UNITS = 10_000_000
"""To the degree: places of maps have seven decimals, about a centimetre; what is rounded to the same place meets."""


class Pieces(NamedTuple):
    """Parts of lines between the points where lines meet: the number of the line each is of, and its drawing."""

    line: NDArray[np.int64]
    shapes: Geometries


def split(lines: Geometries) -> Pieces:
    """Lines and lines of several parts, cut at every point that a second line, or the same one, passes again.

    Lines that cross without a common point pass over each other. Points that are told twice in a row count once.
    """
    parts, line = shapely.get_parts(lines, return_index=True)
    at, part = shapely.get_coordinates(parts, return_index=True)
    if not len(at):
        return Pieces(np.array([], np.int64), np.array([], object))
    at, part = at[new := _differs(at, part)], part[new]
    _, point = np.unique(np.round(at * UNITS).astype(np.int64), axis=0, return_inverse=True)
    is_first = _differs(part[:, None], part)
    is_last = np.append(is_first[1:], True)
    cuts = np.flatnonzero(is_first | is_last | (np.bincount(point.ravel())[point.ravel()] > 1))
    start, end = cuts[:-1], cuts[1:]
    start, end = start[within := part[start] == part[end]], end[within]
    size = end - start + 1
    piece = np.repeat(np.arange(len(start)), size)
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + start[piece]
    return Pieces(line[part[start]], shapely.linestrings(at[place], indices=piece))


def _differs(values: NDArray, part: NDArray) -> NDArray[np.bool_]:
    """Whether each row differs from the one before, or begins a part."""
    return np.append(True, (values[1:] != values[:-1]).any(axis=1) | (part[1:] != part[:-1]))


def entity_road_segments(roads: pa.Table, pieces: Pieces, length_m: pa.ChunkedArray) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Columns of `entity__road_segments`: each piece once for each direction, drawn in that direction.

    An id is minted from the road and the ends of the piece, so it stays while the piece does; both directions bear it.
    """
    of_road = roads.take(pa.array(pieces.line))
    ids = pa.array(ids_of("road_segments", of_road["_source_code"], _keys(of_road["road_id"], pieces.shapes)), pa.string())
    forward, backward = _driven(of_road)
    row = np.concatenate([np.flatnonzero(forward), np.flatnonzero(backward)])
    direction = np.repeat(["forward", "backward"], [forward.sum(), backward.sum()])
    drawn = np.where(direction == "forward", pieces.shapes[row], shapely.reverse(pieces.shapes[row]))
    of_road, rows = of_road.take(pa.array(row)), pa.array(row)
    return {
        "segment_id": ids.take(rows),
        "direction": pa.array(direction),
        "source_code": of_road["_source_code"],
        "source_key": of_road["road_id"],
        **{name: of_road[name] for name in OF_THE_ROAD},
        "length_m": length_m.take(rows),
        **geometry.columns(drawn),
    }


def _keys(road: pa.ChunkedArray, shapes: Geometries) -> pa.ChunkedArray:
    """The road and the ends of each piece, which is what stays of it when the road is split elsewhere."""
    ends = [shapely.get_coordinates(shapely.get_point(shapes, place)) for place in (0, -1)]
    texts = [f"{key}|{a:.7f} {b:.7f}|{c:.7f} {d:.7f}" for key, (a, b), (c, d) in zip(road.to_pylist(), *ends, strict=True)]
    return pa.chunked_array([texts], pa.string())


def _driven(roads: pa.Table) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each may be driven as drawn, and against it; what the map leaves open follows from what kind of road it is."""
    is_one_way = pc.or_kleene(
        pc.is_in(roads["class_code"], value_set=pa.array(ONE_WAY)), pc.fill_null(roads["is_roundabout"], False)
    )
    said = pc.coalesce(roads["direction_code"], pc.if_else(is_one_way, "forward", "both"))
    both = pc.equal(said, "both")
    return tuple(np.asarray(pc.or_(both, pc.equal(said, way))) for way in ("forward", "backward"))  # type: ignore[return-value]
