"""What maps draw, such as OpenStreetMap: roads, service points, and the buildings that no survey has.

An extract may be of any place of the earth. Whether its features lie where they should is judged by the box that the extract
says it covers, never by the outline of the city that the lake is of.
"""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyspark.sql import SparkSession

from transforms.spatial import geometry, sedona
from transforms.spatial.geometry import Geometries
from transforms.spatial.roads import entity_road_segments, split
from transforms.spatial.service_points import entity_service_points

FAULTS = {
    "position_not_null_island": "null_island",
    "position_not_swapped": "axes_swapped",
    "position_in_extent": "outside",
}
"""Warnings of a row, the weightiest first, and what was wrong with its place as sent."""
Columns = dict[str, pa.Array | pa.ChunkedArray]


def entities(spark: SparkSession, sent: Mapping[str, pa.Table]) -> dict[str, Columns]:
    """The register's tables of roads and service points, of those datasets that have been delivered."""
    made: dict[str, Columns] = {}
    if (roads := sent.get("geography__roads")) is not None:
        ways = roads.filter(pc.invert(pc.fill_null(roads["is_area"], False)))
        ways, lines = placed(ways)
        pieces = split(lines)
        made["entity__road_segments"] = entity_road_segments(ways, pieces, sedona.lengths_m(spark, pieces.shapes))
    if (pois := sent.get("geography__pois")) is not None:
        made["entity__service_points"] = entity_service_points(*placed(pois))
    return made


def placed(rows: pa.Table) -> tuple[pa.Table, Geometries]:
    """Rows with `position_fault` (null where nothing was wrong) and their geometry in CGCS2000, swapped axes put right."""
    warned = pc.fill_null(rows["_warnings"].cast(pa.string()), "")
    fault = pa.nulls(rows.num_rows, pa.string())
    for rule, word in FAULTS.items():
        broken = pc.match_substring_regex(warned, f"(^|,){rule}(,|$)")
        fault = pc.coalesce(fault, pc.if_else(broken, word, pa.scalar(None, pa.string())))
    shapes = geometry.from_geojson(rows["geometry"])
    swapped = np.asarray(pc.fill_null(pc.equal(fault, "axes_swapped"), False))
    shapes[swapped] = shapely.transform(shapes[swapped], lambda at: at[:, ::-1])
    shapes = geometry.to_cgcs2000(shapes, rows["source_crs"].to_numpy(zero_copy_only=False))
    return rows.append_column("position_fault", fault), shapes
