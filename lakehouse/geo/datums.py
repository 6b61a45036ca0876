"""GCJ-02 and BD-09, the shifted coordinates of Chinese map services, to WGS84 and back.

Longitude and latitude in degrees, scalars or arrays of one shape; not-a-number stays what it is. GCJ-02 leaves points
outside the box around China as they are. There is no published standard: the polynomial is the one that all open
implementations share. CGCS2000 and WGS84 differ by less than the accuracy of any city data and are taken as one.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Degrees = tuple[NDArray[np.float64], NDArray[np.float64]]

AXIS_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
BD09_TURN = np.pi * 3000.0 / 180.0
CLOSE_ENOUGH_DEG = 1e-9
"""A tenth of a millimetre: where the iterated inverses stop."""


def gcj02_from_wgs84(lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """WGS84 -> GCJ-02."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    shift_lon, shift_lat = _shift(lon, lat)
    inside = (lon >= WEST) & (lon <= EAST) & (lat >= SOUTH) & (lat <= NORTH)
    return lon + np.where(inside, shift_lon, 0.0), lat + np.where(inside, shift_lat, 0.0)


def wgs84_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """GCJ-02 -> WGS84, iterated to 1e-9 degrees (one step alone errs by up to two metres)."""
    return _inverse(gcj02_from_wgs84, lon, lat)


def bd09_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """GCJ-02 -> BD-09."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD09_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD09_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def gcj02_from_bd09(lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """BD-09 -> GCJ-02, iterated to 1e-9 degrees."""
    return _inverse(bd09_from_gcj02, lon, lat)


def to_wgs84(source_crs: str, lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """Coordinates of a source to WGS84. `source_crs`: wgs84, cgcs2000, gcj02 or bd09.

    Raises ValueError for another name: an unknown datum may be half a kilometre off and is never guessed.
    """
    if source_crs in ("wgs84", "cgcs2000"):
        return np.asarray(lon, float), np.asarray(lat, float)
    if source_crs == "gcj02":
        return wgs84_from_gcj02(lon, lat)
    if source_crs == "bd09":
        return wgs84_from_gcj02(*gcj02_from_bd09(lon, lat))
    raise ValueError(f"source_crs {source_crs!r} cannot be converted; write wgs84, cgcs2000, gcj02 or bd09.")


def _inverse(forward: Callable[[ArrayLike, ArrayLike], Degrees], lon: ArrayLike, lat: ArrayLike) -> Degrees:
    """The point that `forward` moves here. Both shifts change slowly: each step gains two to three digits."""
    wanted_lon, wanted_lat = np.asarray(lon, float), np.asarray(lat, float)
    lon, lat = wanted_lon, wanted_lat
    for _ in range(10):
        there_lon, there_lat = forward(lon, lat)
        off_lon, off_lat = wanted_lon - there_lon, wanted_lat - there_lat
        lon, lat = lon + off_lon, lat + off_lat
        if not np.any(np.abs(off_lon) + np.abs(off_lat) > CLOSE_ENOUGH_DEG):
            break
    return lon, lat


def _shift(lon: NDArray, lat: NDArray) -> Degrees:
    """How far GCJ-02 moves a point, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    both = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m = north_m + (both + _waves(y, 20.0, 40.0) + 160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) / 1.5
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m = east_m + (both + _waves(x, 20.0, 40.0) + 150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) / 1.5
    phi = np.radians(lat)
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / magic**1.5
    parallel_m = AXIS_M * np.cos(phi) / np.sqrt(magic)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _waves(t: NDArray, short: float, long: float) -> NDArray:
    return short * np.sin(np.pi * t) + long * np.sin(np.pi * t / 3.0)
