"""Where things are: datums, map projection, statistical cells. Arrays in, arrays out; x is longitude or easting."""

from lakehouse.geo.cells import cell_bounds, cell_codes
from lakehouse.geo.datums import bd09_from_gcj02, gcj02_from_bd09, gcj02_from_wgs84, to_wgs84, wgs84_from_gcj02
from lakehouse.geo.projection import from_plane, to_plane

__all__ = [
    "bd09_from_gcj02",
    "cell_bounds",
    "cell_codes",
    "from_plane",
    "gcj02_from_bd09",
    "gcj02_from_wgs84",
    "to_plane",
    "to_wgs84",
    "wgs84_from_gcj02",
]
