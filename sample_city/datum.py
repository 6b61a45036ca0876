"""Shifted datums of map suppliers: WGS 84 (here: CGCS2000) to GCJ-02 and on to BD-09; degrees in, degrees out.

Formulas as published by the eviltransform project; no official text of the shift is public. Valid inside China.
"""

import numpy as np

SEMI_MAJOR_M, ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323


def _waves(x: np.ndarray) -> np.ndarray:
    return (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3


def to_gcj02(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = lon - 105.0, lat - 35.0
    waves, root = _waves(x), np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    phi = np.radians(lat)
    m = 1 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    dlat = north * 180 * m**1.5 / (np.pi * SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED))
    return lon + east * 180 * np.sqrt(m) / (np.pi * SEMI_MAJOR_M * np.cos(phi)), lat + dlat


def to_bd09(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From WGS 84, by way of GCJ-02."""
    x, y = to_gcj02(lon, lat)
    z = np.hypot(x, y) + 0.00002 * np.sin(y * np.pi * 3000 / 180)
    theta = np.arctan2(y, x) + 0.000003 * np.cos(x * np.pi * 3000 / 180)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006
