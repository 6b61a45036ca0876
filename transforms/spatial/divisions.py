"""Divisions with validity and boundary, and the governance grids that tile them."""
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from transforms.spatial import geometry, tiles

BEGINNING = "1949-10-01"
"""Valid from, where the list does not say: no division of the list is older than the state."""


def best_boundaries(boundaries: pa.Table) -> pa.Table:
    """Of several boundaries of a division the one with the smallest error: stated accuracy and conversion added."""
    crs = boundaries["source_crs"].to_numpy(zero_copy_only=False)
    accuracy = np.nan_to_num(np.asarray(boundaries["accuracy_m"].to_numpy(zero_copy_only=False), float), nan=np.inf)
    error = accuracy + geometry.conversion_error_m(crs)
    stated = boundaries.append_column("position_error_m", pa.array(error))
    ordered = stated.sort_by([("division_code", "ascending"), ("position_error_m", "ascending"), ("source_crs", "ascending")])
    codes = ordered["division_code"].to_numpy(zero_copy_only=False)
    return ordered.filter(pa.array(np.append([True], codes[1:] != codes[:-1])[: len(codes)]))


def entity_divisions(divisions: pa.Table, boundaries: pa.Table, shapes: pa.Table) -> dict[str, pa.Array]:
    """Columns of `entity__divisions`: the list's rows, with the best boundary of those that have one.

    `shapes`: (key = division code, geometry as WKB, is_repaired) of the boundaries.
    """
    best = best_boundaries(boundaries)
    at = pc.index_in(divisions["division_code"], value_set=shapes["key"].combine_chunks())
    said = pc.index_in(divisions["division_code"], value_set=best["division_code"].combine_chunks())
    polygons = geometry.from_wkb(pc.take(shapes["geometry"], at))
    area = geometry.area_m2(polygons)
    listed = ("division_code", "valid_to", "name", "level", "parent_code", "urban_rural_code", "successor")
    return {
        **{name: divisions[name] for name in listed},
        "valid_from": pc.fill_null(divisions["valid_from"], pc.cast(pa.scalar(BEGINNING), pa.date32())),
        **geometry.columns(polygons),
        "area_m2": pa.array(area, from_pandas=True),
        **{name: pc.take(best[name], said) for name in ("source_crs", "survey_date", "position_error_m")},
        "is_repaired": pc.fill_null(pc.take(shapes["is_repaired"], at), False),
    }


def entity_governance_grids(grids: pa.Table, shapes: pa.Table, outlines: dict[str, shapely.Geometry]) -> dict[str, pa.Array]:
    """Columns of `entity__governance_grids`; the grids of a village that do not tile it are fitted to its outline.

    `shapes`: (key = grid code, geometry, is_repaired); `outlines`: polygons of villages by code.
    """
    at = pc.index_in(grids["grid_code"], value_set=shapes["key"].combine_chunks())
    polygons = geometry.from_wkb(pc.take(shapes["geometry"], at))
    made = tiles.tiled(polygons, grids["division_code"].to_numpy(zero_copy_only=False), outlines)
    named = ("grid_code", "division_code", "kind", "households", "officer_count")
    return {
        **{name: grids[name] for name in named},
        **geometry.columns(made.polygons),
        "area_m2": pa.array(geometry.area_m2(made.polygons), from_pandas=True),
        **{name: pa.array(column, from_pandas=True) for name, column in zip(tiles.Faults._fields, made.faults, strict=True)},
        "is_repaired": pc.or_(pc.take(shapes["is_repaired"], at), pa.array(made.is_fitted)),
    }
