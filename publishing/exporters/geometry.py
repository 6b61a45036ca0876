"""The geometry of a released table as GeoParquet 1.1 wants it: a column of WKB and the metadata `geo`."""

import json

import numpy as np
import pyarrow as pa
import shapely

from lakehouse.contracts import Dataset

COLUMN = "geometry"
CRS = {
    "EPSG:4490": {
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": "China Geodetic Coordinate System 2000",
        "datum": {
            "type": "GeodeticReferenceFrame",
            "name": "China 2000",
            "ellipsoid": {"name": "CGCS2000", "semi_major_axis": 6378137, "inverse_flattening": 298.257222101},
        },
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                {"name": "Geodetic latitude", "abbreviation": "Lat", "direction": "north", "unit": "degree"},
                {"name": "Geodetic longitude", "abbreviation": "Lon", "direction": "east", "unit": "degree"},
            ],
        },
        "id": {"authority": "EPSG", "code": 4490},
    }
}
"""Reference systems that contracts name, as PROJJSON. In the file x is longitude, whatever the order of axes here."""


def with_geometry(rows: pa.Table, dataset: Dataset) -> pa.Table:
    """The rows with a geometry made of what the contract names: a column of GeoJSON, or longitude and latitude.

    A contract that names none gives the rows as they are.
    """
    drawn = dataset.properties.get("geometry")
    if drawn is None:
        return rows
    if isinstance(drawn, str):
        shapes = shapely.from_geojson(rows[drawn].to_numpy())
    else:
        lon, lat = (rows[name].to_numpy() for name in drawn)
        shapes = np.where(np.isfinite(lon) & np.isfinite(lat), shapely.points(lon, lat), None)
    types = sorted({shape.geom_type for shape in shapes if shape})
    column = {
        "encoding": "WKB",
        "geometry_types": types,
        "crs": CRS[dataset.properties["crs"]],
        "bbox": shapely.total_bounds(shapes).tolist(),
    }
    geo = {"version": "1.1.0", "primary_column": COLUMN, "columns": {COLUMN: column}}
    out = rows.append_column(COLUMN, pa.array(shapely.to_wkb(shapes), pa.binary()))
    return out.replace_schema_metadata({**(rows.schema.metadata or {}), "geo": json.dumps(geo)})
