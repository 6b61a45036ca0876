"""The register's unit grids, and the grids that hold a position."""
# pyright: reportAttributeAccessIssue=false

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyspark.sql import SparkSession

from lakehouse.geo import cell_codes, to_plane
from lakehouse.geo.cells import EPSG
from lakehouse.geo.projection import zone
from lakehouse.settings import settings
from transforms.spatial import geometry, tiles
from transforms.spatial.placing import place_files
from transforms.spatial.unit_grids import is_community, unit_grids

Columns = dict[str, pa.Array | pa.ChunkedArray]
GRIDS = {"unit_grid_code": "entity__unit_grids", "grid_code": "entity__governance_grids"}
REACH_DEG = 1.5
"""Either way from the meridian of the statistical cells: the width of its 3-degree zone. Beyond it a place has no cell."""


def entity_unit_grids(
    sent: pa.Table | None, shapes: pa.Table | None, outlines: Mapping[str, shapely.Geometry], footprints: geometry.Geometries
) -> Columns:
    """Columns of `entity__unit_grids`: the survey's grids, fitted where they do not tile; made ones where it has none.

    `shapes`: (key = unit grid code, geometry, is_repaired) of the survey; `footprints`: buildings, which made grids do not cut.
    """
    parts = [] if sent is None or shapes is None else [_surveyed(sent, shapes, outlines)]
    known = {code for part in parts for code in part["community_code"].to_pylist()}
    tree = shapely.STRtree(footprints)
    for community in sorted(filter(is_community, outlines.keys() - known)):
        near = footprints[tree.query(outlines[community], predicate="intersects")]
        parts.append(_made(community, *unit_grids(community, outlines[community], near)))
    return {name: pa.chunked_array([chunk for part in parts for chunk in part[name].chunks]) for name in parts[0].column_names}


def _surveyed(sent: pa.Table, shapes: pa.Table, outlines: Mapping[str, shapely.Geometry]) -> pa.Table:
    at = pc.index_in(sent["unit_grid_code"], value_set=shapes["key"].combine_chunks())
    polygons = geometry.from_wkb(pc.take(shapes["geometry"], at))
    found = tiles.tiled(polygons, sent["community_code"].to_numpy(zero_copy_only=False), outlines)
    mended = pc.or_(pc.take(shapes["is_repaired"], at), pa.array(found.is_fitted))
    names = {"unit_grid_code": sent["unit_grid_code"], "community_code": sent["community_code"]}
    return _rows(names, found.polygons, found.faults, mended, is_surveyed=True)


def _made(community: str, codes: list[str], polygons: geometry.Geometries) -> pa.Table:
    names = {"unit_grid_code": pa.array(codes, pa.string()), "community_code": pa.array([community] * len(codes), pa.string())}
    none = np.full((len(tiles.Faults._fields), len(codes)), np.nan)
    return _rows(names, polygons, none, pa.array(np.zeros(len(codes), bool)), is_surveyed=False)


def _rows(names: dict, polygons: geometry.Geometries, faults: np.ndarray, mended: pa.Array, is_surveyed: bool) -> pa.Table:
    found = {name: pa.array(column, from_pandas=True) for name, column in zip(tiles.Faults._fields, faults, strict=True)}
    area = {"area_m2": pa.array(geometry.area_m2(polygons), from_pandas=True)}
    said = {"is_surveyed": pa.array(np.full(len(polygons), is_surveyed)), "is_repaired": mended}
    return pa.table(names | geometry.columns(polygons) | area | found | said)


def grids_of(spark: SparkSession, rows: Columns, made: Mapping[str, Columns]) -> Columns:
    """Unit grid, governance grid and statistical cell of each row's position; null where there is none, or no grids at all."""
    lon, lat = (np.asarray(rows[name].to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    has_cell = np.abs(lon - zone(EPSG).meridian) <= REACH_DEG
    cells = {"cell_500m": cell_codes(*to_plane(np.where(has_cell, lon, np.nan), np.where(has_cell, lat, np.nan), EPSG))}
    if not made.keys() >= set(GRIDS.values()):
        return cells | dict.fromkeys(GRIDS, pa.nulls(len(lon), pa.string()))
    tilings = {code: pa.table({"code": made[n][code], "geometry": made[n]["geometry"]}) for code, n in GRIDS.items()}
    scratch = settings().data_home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="places-", dir=scratch) as folder:
        files = _written(pa.table({"lon": lon, "lat": lat}), Path(folder), spark.sparkContext.defaultParallelism)
        placed = place_files(spark, files, tilings, Path(folder))
    return {name: pc.cast(placed[name], pa.string()) for name in tilings} | cells


def _written(points: pa.Table, folder: Path, parts: int) -> list[Path]:
    """The points in so many files."""
    edges = np.linspace(0, points.num_rows, parts + 1).astype(int)
    files = [folder / f"points-{number:05d}.parquet" for number in range(parts)]
    for file, start, end in zip(files, edges[:-1], edges[1:], strict=True):
        pq.write_table(points.slice(start, end - start), file)
    return files
