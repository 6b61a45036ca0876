"""Polygon work on Sedona, in the run's one Spark session: mending geometry, laying one set of polygons over another."""

import pyarrow as pa
import shapely
from pyspark.sql import DataFrame, SparkSession

from transforms.spatial.geometry import Geometries

REPAIR = """
select key, not is_valid as is_repaired,
    ST_AsBinary(if(is_valid, shape, ST_CollectionExtract(ST_MakeValid(shape), 3))) as geometry
from (select key, shape, ST_IsValid(shape) as is_valid from (select key, ST_GeomFromWKB(geometry) as shape from {shapes}))
"""
OVERLAY = """
select over, under, ST_AsBinary(ST_CollectionExtract(shared, 3)) as geometry from (
    select a.key as over, b.key as under, ST_Intersection(a.shape, b.shape) as shared
    from (select key, ST_GeomFromWKB(geometry) as shape from {over}) a
    join (select /*+ broadcast */ key, ST_GeomFromWKB(geometry) as shape from {under}) b on ST_Intersects(a.shape, b.shape))
"""

LENGTHS = "select number, ST_LengthSpheroid(ST_GeomFromWKB(geometry)) as length_m from {lines}"


def repair(spark: SparkSession, shapes: pa.Table) -> pa.Table:
    """Table (key, geometry as WKB) -> the same with `is_repaired`: invalid polygons made valid, by key.

    Holes that touch, loops and rings that run back over themselves become polygons of the same outline; what is no area goes.
    """
    return _by_key(spark.sql(REPAIR, shapes=spark.createDataFrame(shapes)), ["key"])


def overlay(spark: SparkSession, over: pa.Table, under: pa.Table) -> pa.Table:
    """Two tables (key, geometry as WKB) -> (over, under, geometry): what each polygon of the one shares with the other."""
    small = spark.createDataFrame(under).hint("broadcast")
    return _by_key(spark.sql(OVERLAY, over=spark.createDataFrame(over), under=small), ["over", "under"])


def lengths_m(spark: SparkSession, lines: Geometries) -> pa.ChunkedArray:
    """Metres along the ellipsoid of WGS84, which that of CGCS2000 equals to a tenth of a millimetre; lines in degrees."""
    numbered = pa.table(
        {"number": pa.array(range(len(lines)), pa.int64()), "geometry": pa.array(shapely.to_wkb(lines), pa.binary())}
    )
    return _by_key(spark.sql(LENGTHS, lines=spark.createDataFrame(numbered)), ["number"])["length_m"]


def _by_key(rows: DataFrame, key: list[str]) -> pa.Table:
    return rows.toArrow().sort_by([(name, "ascending") for name in key])
