"""Geometry of columns: from GeoJSON in the datum that a source names to WKB in CGCS2000 with its bounding box.

CGCS2000 and WGS84 are taken as one (they differ by less than the accuracy of city data), so the error of a conversion is
that of undoing the shift of a map service: published constants agree to below a metre.
"""
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from lakehouse.geo import to_plane, to_wgs84

SHIFTED = ("gcj02", "bd09")
CONVERSION_ERROR_M = 1.0
"""What a conversion from a shifted datum may add: the shift has no published standard, implementations agree to this."""
DENSE_DEG = 0.0005
"""Some 50 m: edges are cut so before they are projected, as a straight line in degrees bends in the plane."""
Geometries = NDArray[np.object_]


def from_geojson(texts: pa.ChunkedArray | pa.Array) -> Geometries:
    """GeoJSON texts -> geometries; null and what is no GeoJSON become None."""
    return shapely.from_geojson(
        texts.to_numpy(zero_copy_only=False) if isinstance(texts, pa.Array) else texts.to_numpy(), "ignore"
    )


def to_cgcs2000(shapes: Geometries, source_crs: NDArray[np.object_]) -> Geometries:
    """Each geometry from the datum that its row names. Raises ValueError for a datum that cannot be converted."""
    converted = np.array(shapes, object)
    for crs in SHIFTED:
        rows = source_crs == crs
        converted[rows] = shapely.transform(shapes[rows], lambda x, y, crs=crs: to_wgs84(crs, x, y), interleaved=False)
    return converted


def conversion_error_m(source_crs: NDArray[np.object_]) -> NDArray[np.float64]:
    """Metres that the conversion may add to the survey's own error."""
    return np.where(np.isin(source_crs, SHIFTED), CONVERSION_ERROR_M, 0.0)


def area_m2(shapes: Geometries) -> NDArray[np.float64]:
    """Areas in the plane of EPSG:4549; not-a-number for None."""
    return shapely.area(shapely.transform(shapely.segmentize(shapes, DENSE_DEG), to_plane, interleaved=False))


def columns(shapes: Geometries) -> dict[str, pa.Array]:
    """`geometry` as WKB and its bounding box; null for None."""
    bounds = shapely.bounds(shapes)
    box = {name: pa.array(bounds[:, i], from_pandas=True) for i, name in enumerate(("xmin", "ymin", "xmax", "ymax"))}
    return {"geometry": pa.array(shapely.to_wkb(shapes), pa.binary()), **box}


def from_wkb(column: pa.ChunkedArray | pa.Array) -> Geometries:
    """WKB -> geometries; null becomes None."""
    return shapely.from_wkb(np.array(column.to_pylist(), object))
