"""The stage `places`: from what departments say of places to the geographic register and the crosswalk of addresses."""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyspark.sql import SparkSession

from lakehouse import progress
from lakehouse.contracts import contracts
from transforms.spatial import geometry, maps, sedona
from transforms.spatial.addresses import entity_addresses
from transforms.spatial.buildings import entity_buildings, joined
from transforms.spatial.divisions import best_boundaries, entity_divisions, entity_governance_grids
from transforms.spatial.geocode import different, geocode
from transforms.spatial.grids import entity_unit_grids, grids_of
from transforms.spatial.overlap import grid_overlap
from transforms.spatial.sources import city_gazetteer, division_list, is_city, worst_origin

Columns = dict[str, pa.Array | pa.ChunkedArray]
MAPPED = "geography__map_buildings"
KEYS = {
    "geography__division_boundaries": "division_code",
    "geography__buildings": "building_id",
    "geography__governance_grids": "grid_code",
    "geography__unit_grids": "unit_grid_code",
    MAPPED: "building_id",
}
"""Datasets of polygons, and what tells their rows apart."""
PLACED = ("entity__buildings", "entity__addresses", "xref__addresses", "entity__service_points")


def build(spark: SparkSession, sent: Mapping[str, pa.Table], texts: pa.Table) -> dict[str, Columns]:
    """The register's tables by dataset id, from the silver geography datasets and the addresses that departments wrote.

    The tables of the city need all of its datasets; what maps draw needs none of them.
    """
    progress.doing("geometry, mended")
    shapes = _mended(spark, sent)
    made = _city(sent, texts, shapes) if is_city(sent) else {}
    if MAPPED in sent:
        mapped = entity_buildings(maps.placed(sent[MAPPED])[0], shapes[MAPPED])
        made["entity__buildings"] = _joined(spark, made.get("entity__buildings"), mapped)
    progress.doing("roads and service points")
    made |= maps.entities(spark, sent)
    for name in (name for name in PLACED if name in made):
        progress.doing(f"{name}, placed in grids")
        made[name] |= grids_of(spark, made[name], made)
    if is_city(sent):
        made["bridge__grid_overlap"] = grid_overlap(spark, made)
    return {name: columns | {"data_origin": _same(_origin(name, sent), columns)} for name, columns in made.items()}


def _city(sent: Mapping[str, pa.Table], texts: pa.Table, shapes: Mapping[str, pa.Table]) -> dict[str, Columns]:
    """Divisions, grids, the survey's buildings, addresses and the crosswalk, but for the grids that hold them."""
    listed = division_list(sent["geography__divisions"])
    boundaries, buildings, grids = (f"geography__{name}" for name in ("division_boundaries", "buildings", "governance_grids"))
    made: dict[str, Columns] = {"entity__divisions": entity_divisions(listed, sent[boundaries], shapes[boundaries])}
    outlines = _outlines(made["entity__divisions"])
    made["entity__governance_grids"] = entity_governance_grids(sent[grids], shapes[grids], outlines)
    made["entity__buildings"] = entity_buildings(sent[buildings], shapes[buildings])
    progress.doing("unit grids")
    footprints, surveyed = geometry.from_wkb(made["entity__buildings"]["geometry"]), "geography__unit_grids"
    made["entity__unit_grids"] = entity_unit_grids(sent.get(surveyed), shapes.get(surveyed), outlines, footprints)
    progress.doing("addresses")
    places, villages = city_gazetteer(listed), _points_inside(outlines)
    made["entity__addresses"] = entity_addresses(sent["geography__addresses"], made["entity__buildings"], villages, places)
    made["xref__addresses"] = _crosswalk(texts, made["entity__addresses"], villages, places)
    return made


def _joined(spark: SparkSession, survey: Columns | None, mapped: Columns) -> Columns:
    if survey is None:
        return mapped
    over, under = (pa.table({"key": rows["building_id"], "geometry": rows["geometry"]}) for rows in (mapped, survey))
    return joined(survey, mapped, sedona.overlay(spark, over, under))


def _origin(name: str, sent: Mapping[str, pa.Table]) -> str:
    """The worst origin of what a table is made of; addresses of persons are placed by the city's datasets, so those count."""
    behind = set(contracts()[name].made_from) & sent.keys()
    return worst_origin(sent[dataset] for dataset in behind)


def _mended(spark: SparkSession, sent: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Polygons in CGCS2000 by dataset, invalid ones repaired; one job for all."""
    shapes = []
    for name in (name for name in KEYS if name in sent):
        table = best_boundaries(sent[name]) if name == "geography__division_boundaries" else sent[name]
        polygons = maps.placed(table)[1] if name == MAPPED else geometry.from_geojson(table["geometry"])
        if "source_crs" in table.column_names and name != MAPPED:
            polygons = geometry.to_cgcs2000(polygons, table["source_crs"].to_numpy(zero_copy_only=False))
        named = pc.binary_join_element_wise(name, pc.cast(table[KEYS[name]], pa.string()), "|")
        shapes.append(pa.table({"key": named, "geometry": pa.array(shapely.to_wkb(polygons), pa.binary())}))
    done = sedona.repair(spark, pa.concat_tables(shapes)) if shapes else None
    return {name: _of_kind(done, f"{name}|") for name in KEYS if name in sent}


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


def _crosswalk(texts: pa.Table, addresses: Columns, villages: pa.Table, places) -> Columns:
    doors = ("address_id", "building_id", "division_code", "address_text", "lon", "lat")
    found = geocode(different(texts), pa.table({name: addresses[name] for name in doors}), villages, places)
    return {name: found[name] for name in found.column_names}


def _same(text: str, columns: Columns) -> pa.Array:
    return pa.repeat(text, len(next(iter(columns.values()))))
