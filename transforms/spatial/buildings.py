"""Buildings with footprint and middle, under ids that stay."""
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from transforms.entity_resolution.mint import mint, mint_key
from transforms.spatial import geometry

SURVEYED = ("division_code", "floors", "floor_area_m2", "use_code", "height_m", "built_year", "legal_status")


def entity_buildings(buildings: pa.Table, shapes: pa.Table) -> dict[str, pa.Array]:
    """Columns of `entity__buildings`, but for the grids. `shapes`: (key = the survey's building id, geometry, is_repaired)."""
    at = pc.index_in(buildings["building_id"], value_set=shapes["key"].combine_chunks())
    footprints = geometry.from_wkb(pc.take(shapes["geometry"], at))
    middles = shapely.centroid(footprints)
    return {
        "building_id": pa.array(ids_of("buildings", buildings["_source_code"], buildings["building_id"]), pa.string()),
        "source_code": buildings["_source_code"],
        "source_key": buildings["building_id"],
        **{name: buildings[name] for name in SURVEYED},
        "lon": pa.array(shapely.get_x(middles), from_pandas=True),
        "lat": pa.array(shapely.get_y(middles), from_pandas=True),
        **geometry.columns(footprints),
        "is_repaired": pc.fill_null(pc.take(shapes["is_repaired"], at), False),
    }


def ids_of(kind: str, source_codes: pa.ChunkedArray, source_keys: pa.ChunkedArray) -> list[str]:
    """Ids minted from the source and its key: the same records give the same ids for ever."""
    return mint(kind, zip(source_codes.to_pylist(), source_keys.to_pylist(), strict=True), set(), mint_key())


def middle_of(source_keys: pa.ChunkedArray, buildings: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """Longitude, latitude (not-a-number where unknown) and id of the buildings that a source names."""
    at = pc.index_in(source_keys, value_set=_whole(buildings["source_key"]))
    lon, lat = (np.asarray(pc.take(buildings[name], at).to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    return lon, lat, pc.take(buildings["building_id"], at)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
