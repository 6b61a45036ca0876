"""Buildings with footprint and middle, under ids that stay: those of the survey, and of maps what the survey has not."""
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from transforms.entity_resolution.mint import mint, mint_key
from transforms.spatial import geometry

SURVEYED = ("division_code", "floors", "floor_area_m2", "use_code", "height_m", "built_year", "legal_status", "position_fault")
FROM_MAPS = ("floors", "use_code", "height_m", "built_year")
"""What a map may say of a building of the survey that the survey leaves open."""
SAME_SHARE = 0.5
"""Outlines that share so much of the smaller one are one building."""
Columns = dict[str, pa.Array | pa.ChunkedArray]


def entity_buildings(buildings: pa.Table, shapes: pa.Table) -> Columns:
    """Columns of `entity__buildings`, but for the grids. `shapes`: (key = the source's building id, geometry, is_repaired).

    What the source does not say at all is null.
    """
    schema = arrow_schema(contracts()["entity__buildings"])
    at = pc.index_in(buildings["building_id"], value_set=shapes["key"].combine_chunks())
    footprints = geometry.from_wkb(pc.take(shapes["geometry"], at))
    middles = shapely.centroid(footprints)
    return {
        "building_id": pa.array(ids_of("buildings", buildings["_source_code"], buildings["building_id"]), pa.string()),
        "source_code": buildings["_source_code"],
        "source_key": buildings["building_id"],
        **{name: _said(buildings, schema.field(name)) for name in SURVEYED},
        "lon": pa.array(shapely.get_x(middles), from_pandas=True),
        "lat": pa.array(shapely.get_y(middles), from_pandas=True),
        **geometry.columns(footprints),
        "is_repaired": pc.fill_null(pc.take(shapes["is_repaired"], at), False),
    }


def _said(buildings: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    there = field.name in buildings.column_names
    return buildings[field.name].cast(field.type) if there else pa.nulls(buildings.num_rows, field.type)


def joined(survey: Columns, mapped: Columns, shared: pa.Table) -> Columns:
    """The survey's buildings and those of maps that are none of them; what the survey leaves open is as the map says.

    `shared`: (over = building id of the map's, under = of the survey's, geometry as WKB): what their outlines share.
    """
    over, under = (
        pc.index_in(shared[side], value_set=_whole(rows["building_id"])).to_numpy()
        for side, rows in (("over", mapped), ("under", survey))
    )
    drawn, surveyed, common = (shapely.area(geometry.from_wkb(rows["geometry"])) for rows in (mapped, survey, shared))
    share = common / np.minimum(drawn[over], surveyed[under])
    order = np.argsort(share, kind="stable")
    order = order[share[order] >= SAME_SHARE]
    twin = np.full(len(surveyed), -1)
    twin[under[order]] = over[order]  # the one that shares most comes last, and stays
    at, new = pa.array(twin, mask=twin < 0), pa.array(np.setdiff1d(np.arange(len(drawn)), over[order]))
    told = {name: pc.coalesce(survey[name], mapped[name].take(at)) for name in FROM_MAPS}
    return {name: pa.chunked_array([*_chunks((survey | told)[name]), *_chunks(mapped[name].take(new))]) for name in survey}


def ids_of(kind: str, source_codes: pa.ChunkedArray, source_keys: pa.ChunkedArray) -> list[str]:
    """Ids minted from the source and its key: the same records give the same ids for ever."""
    return mint(kind, zip(source_codes.to_pylist(), source_keys.to_pylist(), strict=True), set(), mint_key())


def middle_of(source_keys: pa.ChunkedArray, buildings: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Longitude, latitude (not-a-number where unknown) and id of the buildings that a source names."""
    at = pc.index_in(source_keys, value_set=_whole(buildings["source_key"]))
    lon, lat = (np.asarray(pc.take(buildings[name], at).to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    return lon, lat, pc.take(buildings["building_id"], at)


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
