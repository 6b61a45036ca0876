"""Points of interest of a map -> service points: what several features say of one place is one point."""
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from transforms.spatial import geometry
from transforms.spatial.buildings import ids_of
from transforms.spatial.geometry import Geometries
from transforms.spatial.positions import distance_m

SAME_M = 150.0
"""Features of one class and one name so near to each other are one place, drawn twice: as a point and as an area."""
SAID = ("name", "class_code", "street", "house_number", "position_fault")


def entity_service_points(pois: pa.Table, shapes: Geometries) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Columns of `entity__service_points` but for the grids; of the features of a place that with the smallest key stays."""
    order = pc.sort_indices(pois, [("_source_code", "ascending"), ("poi_id", "ascending")])
    pois, shapes = pois.take(order), shapes[order.to_numpy()]
    host = _hosts(pois, shapes)
    stays = np.flatnonzero(host == np.arange(len(host)))
    features = np.bincount(host, minlength=len(host))[stays]
    pois, shapes = pois.take(pa.array(stays)), shapes[stays]
    return {
        "service_point_id": pa.array(ids_of("service_points", pois["_source_code"], pois["poi_id"]), pa.string()),
        "source_code": pois["_source_code"],
        "source_key": pois["poi_id"],
        **{name: pois[name] for name in SAID},
        "n_features": pa.array(features),
        "lon": pa.array(shapely.get_x(shapes), from_pandas=True),
        "lat": pa.array(shapely.get_y(shapes), from_pandas=True),
        **geometry.columns(shapes),
    }


def _hosts(pois: pa.Table, shapes: Geometries) -> np.ndarray:
    """Number of the feature that stands for each: itself, or an earlier one of its class and name nearby. No name, no other."""
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    host, seen = np.arange(len(shapes)), {}
    names = pc.utf8_lower(pc.utf8_trim_whitespace(pois["name"])).to_pylist()
    for row, key in enumerate(zip(names, pois["class_code"].to_pylist(), strict=True)):
        if None in key:
            continue
        near = [n for n in seen.get(key, ()) if distance_m(lon[row], lat[row], lon[n], lat[n]) <= SAME_M]
        if near:
            host[row] = near[0]
        else:
            seen.setdefault(key, []).append(row)
    return host
