"""The stage `places`: from what departments say of places to the geographic register and the crosswalk of addresses."""
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

from lakehouse import progress
from lakehouse.geo import cell_codes, to_plane
from lakehouse.settings import settings
from transforms.spatial import geometry, sedona
from transforms.spatial.addresses import entity_addresses
from transforms.spatial.buildings import entity_buildings
from transforms.spatial.divisions import best_boundaries, entity_divisions, entity_governance_grids
from transforms.spatial.geocode import different, geocode
from transforms.spatial.overlap import grid_overlap
from transforms.spatial.placing import place_files
from transforms.spatial.sources import city_gazetteer, division_list, worst_origin
from transforms.spatial.unit_grids import is_community, unit_grids

Columns = dict[str, pa.Array | pa.ChunkedArray]
OUTLINED = ("geography__division_boundaries", "geography__buildings", "geography__governance_grids")


def build(spark: SparkSession, sent: Mapping[str, pa.Table], texts: pa.Table) -> dict[str, Columns]:
    """The register's tables by dataset id, from the silver geography datasets and the addresses that departments wrote.

    Raises LookupError naming the dataset that is missing.
    """
    if missing := sorted({"geography__divisions", "geography__addresses", *OUTLINED} - sent.keys()):
        raise LookupError(f"The stage places needs {', '.join(missing)}; deliver them and run the stage silver first.")
    listed = division_list(sent["geography__divisions"])
    progress.doing("geometry, mended")
    boundaries, footprints, grids = _mended(spark, sent)
    made: dict[str, Columns] = {"entity__divisions": entity_divisions(listed, sent["geography__division_boundaries"], boundaries)}
    outlines = _outlines(made["entity__divisions"])
    made["entity__governance_grids"] = entity_governance_grids(sent["geography__governance_grids"], grids, outlines)
    made["entity__buildings"] = entity_buildings(sent["geography__buildings"], footprints)
    progress.doing("unit grids")
    made["entity__unit_grids"] = _unit_grids(outlines, geometry.from_wkb(made["entity__buildings"]["geometry"]))
    progress.doing("addresses")
    places, villages = city_gazetteer(listed), _points_inside(outlines)
    made["entity__addresses"] = entity_addresses(sent["geography__addresses"], made["entity__buildings"], villages, places)
    made["xref__addresses"] = _crosswalk(texts, made["entity__addresses"], villages, places)
    for name in ("entity__buildings", "entity__addresses", "xref__addresses"):
        progress.doing(f"{name}, placed in grids")
        made[name] |= _grids_of(spark, made[name], made)
    made["bridge__grid_overlap"] = grid_overlap(spark, made)
    origin = worst_origin(sent.values())
    return {name: columns | {"data_origin": _same(origin, columns)} for name, columns in made.items()}


def _mended(spark: SparkSession, sent: Mapping[str, pa.Table]) -> list[pa.Table]:
    """Boundaries, footprints and governance grids in CGCS2000, invalid ones repaired; one job for all."""
    keys = ("division_code", "building_id", "grid_code")
    rows = [best_boundaries(sent[OUTLINED[0]]), sent[OUTLINED[1]], sent[OUTLINED[2]]]
    shapes = []
    for table, key in zip(rows, keys, strict=True):
        polygons = geometry.from_geojson(table["geometry"])
        if "source_crs" in table.column_names:
            polygons = geometry.to_cgcs2000(polygons, table["source_crs"].to_numpy(zero_copy_only=False))
        named = pc.binary_join_element_wise(key, pc.cast(table[key], pa.string()), "|")
        shapes.append(pa.table({"key": named, "geometry": pa.array(shapely.to_wkb(polygons), pa.binary())}))
    done = sedona.repair(spark, pa.concat_tables(shapes))
    return [_of_kind(done, f"{key}|") for key in keys]


def _of_kind(shapes: pa.Table, prefix: str) -> pa.Table:
    own = shapes.filter(pc.starts_with(shapes["key"], prefix))
    return own.set_column(0, "key", pc.utf8_slice_codeunits(own["key"], len(prefix)))


def _outlines(divisions: Columns) -> dict[str, shapely.Geometry]:
    """Polygons of the divisions that have one, by code."""
    polygons = geometry.from_wkb(divisions["geometry"])
    return {code: shape for code, shape in zip(divisions["division_code"].to_pylist(), polygons, strict=True) if shape}


def _points_inside(outlines: Mapping[str, shapely.Geometry]) -> pa.Table:
    points = shapely.point_on_surface(np.array(list(outlines.values()), object))
    lon, lat = pa.array(shapely.get_x(points)), pa.array(shapely.get_y(points))
    return pa.table({"division_code": pa.array(list(outlines), pa.string()), "lon": lon, "lat": lat})


def _unit_grids(outlines: Mapping[str, shapely.Geometry], footprints: geometry.Geometries) -> Columns:
    """Unit grids of all communities, each with the buildings that touch it."""
    tree, codes, owners, tiles = shapely.STRtree(footprints), [], [], []
    for community in sorted(filter(is_community, outlines)):
        near = footprints[tree.query(outlines[community], predicate="intersects")]
        own, polygons = unit_grids(community, outlines[community], near)
        codes, owners, tiles = [*codes, *own], [*owners, *[community] * len(own)], [*tiles, *polygons]
    polygons = np.array(tiles, object)
    named = {"unit_grid_code": pa.array(codes, pa.string()), "community_code": pa.array(owners, pa.string())}
    return {**named, **geometry.columns(polygons), "area_m2": pa.array(geometry.area_m2(polygons))}


def _crosswalk(texts: pa.Table, addresses: Columns, villages: pa.Table, places) -> Columns:
    doors = ("address_id", "building_id", "division_code", "address_text", "lon", "lat")
    found = geocode(different(texts), pa.table({name: addresses[name] for name in doors}), villages, places)
    return {name: found[name] for name in found.column_names}


def _grids_of(spark: SparkSession, rows: Columns, made: Mapping[str, Columns]) -> Columns:
    """Unit grid, governance grid and statistical cell of each row's position."""
    lon, lat = (np.asarray(rows[name].to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    tilings = {name: _tiling(made, name) for name in ("unit_grid_code", "grid_code")}
    scratch = settings().data_home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="places-", dir=scratch) as folder:
        files = _written(pa.table({"lon": lon, "lat": lat}), Path(folder), spark.sparkContext.defaultParallelism)
        placed = place_files(spark, files, tilings, Path(folder))
    cells = {"cell_500m": cell_codes(*to_plane(lon, lat))}
    return {name: pc.cast(placed[name], pa.string()) for name in tilings} | cells


def _written(points: pa.Table, folder: Path, parts: int) -> list[Path]:
    """The points in so many files."""
    edges = np.linspace(0, points.num_rows, parts + 1).astype(int)
    files = [folder / f"points-{number:05d}.parquet" for number in range(parts)]
    for file, start, end in zip(files, edges[:-1], edges[1:], strict=True):
        pq.write_table(points.slice(start, end - start), file)
    return files


def _tiling(made: Mapping[str, Columns], code: str) -> pa.Table:
    grids = made["entity__unit_grids" if code == "unit_grid_code" else "entity__governance_grids"]
    return pa.table({"code": grids[code], "geometry": grids["geometry"]})


def _same(text: str, columns: Columns) -> pa.Array:
    return pa.repeat(text, len(next(iter(columns.values()))))
