"""CGCS2000 to metres and back: 3-degree Gauss-Krueger zones by their EPSG codes.

Krueger's series to the sixth order of the third flattening (Karney 2011, "Transverse Mercator with an accuracy of a few
nanometers", equations 7-36): below a micrometre within 30 degrees of the central meridian. x is east, y is north.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

AXIS_M = 6378137.0
FLATTENING = 1 / 298.257222101
ECCENTRICITY = np.sqrt(FLATTENING * (2 - FLATTENING))
THIRD = FLATTENING / (2 - FLATTENING)
FALSE_EASTING_M = 500_000.0

_POWERS = THIRD ** np.arange(1, 7)
RECTIFYING_RADIUS_M = AXIS_M / (1 + THIRD) * (1 + THIRD**2 / 4 + THIRD**4 / 64 + THIRD**6 / 256)
_FORWARD = (
    np.array(
        [
            [1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800],
            [0, 13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360],
            [0, 0, 61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440],
            [0, 0, 0, 49561 / 161280, -179 / 168, 6601661 / 7257600],
            [0, 0, 0, 0, 34729 / 80640, -3418889 / 1995840],
            [0, 0, 0, 0, 0, 212378941 / 319334400],
        ]
    )
    @ _POWERS
)
_INVERSE = (
    np.array(
        [
            [1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800],
            [0, 1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720],
            [0, 0, 17 / 480, -37 / 840, -209 / 4480, 5569 / 90720],
            [0, 0, 0, 4397 / 161280, -11 / 504, -830251 / 7257600],
            [0, 0, 0, 0, 4583 / 161280, -108847 / 3991680],
            [0, 0, 0, 0, 0, 20648693 / 638668800],
        ]
    )
    @ _POWERS
)


class Zone(NamedTuple):
    """One 3-degree zone: central meridian in degrees, easting of that meridian in metres."""

    meridian: float
    easting_m: float


def zone(epsg: int) -> Zone:
    """EPSG 4513-4533 (zone number before the easting) or 4534-4554 (without). Raises ValueError for another code."""
    if 4513 <= epsg <= 4533:
        number = epsg - 4513 + 25
        return Zone(number * 3.0, number * 1_000_000 + FALSE_EASTING_M)
    if 4534 <= epsg <= 4554:
        return Zone((epsg - 4534) * 3.0 + 75.0, FALSE_EASTING_M)
    raise ValueError(f"EPSG:{epsg} is no 3-degree zone of CGCS2000; those are 4513 to 4554.")


def to_plane(lon: ArrayLike, lat: ArrayLike, epsg: int = 4549) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Degrees (CGCS2000 or WGS84) -> easting and northing in metres."""
    meridian, easting_m = zone(epsg)
    phi, away = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lon, float) - meridian)
    tau = _conformal(np.tan(phi))
    xi, eta = np.arctan2(tau, np.cos(away)), np.arcsinh(np.sin(away) / np.hypot(tau, np.cos(away)))
    north, east = _series(_FORWARD, xi, eta)
    return easting_m + RECTIFYING_RADIUS_M * (eta + east), RECTIFYING_RADIUS_M * (xi + north)


def from_plane(x: ArrayLike, y: ArrayLike, epsg: int = 4549) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Easting and northing in metres -> longitude and latitude in degrees."""
    meridian, easting_m = zone(epsg)
    xi = np.asarray(y, float) / RECTIFYING_RADIUS_M
    eta = (np.asarray(x, float) - easting_m) / RECTIFYING_RADIUS_M
    north, east = _series(_INVERSE, xi, eta)
    xi, eta = xi - north, eta - east
    tau = np.sin(xi) / np.hypot(np.sinh(eta), np.cos(xi))
    away = np.arctan2(np.sinh(eta), np.cos(xi))
    return meridian + np.degrees(away), np.degrees(np.arctan(_geographic(tau)))


def _series(coefficients: NDArray, xi: NDArray, eta: NDArray) -> tuple[NDArray, NDArray]:
    terms = [(c, 2.0 * (j + 1)) for j, c in enumerate(coefficients)]
    north = sum((c * np.sin(k * xi) * np.cosh(k * eta) for c, k in terms), np.zeros_like(xi))
    east = sum((c * np.cos(k * xi) * np.sinh(k * eta) for c, k in terms), np.zeros_like(xi))
    return north, east


def _conformal(tau: NDArray) -> NDArray:
    """Tangent of the geographic latitude -> tangent of the conformal latitude."""
    sigma = np.sinh(ECCENTRICITY * np.arctanh(ECCENTRICITY * tau / np.hypot(1.0, tau)))
    return tau * np.hypot(1.0, sigma) - sigma * np.hypot(1.0, tau)


def _geographic(wanted: NDArray) -> NDArray:
    """The inverse of `_conformal` by Newton's method; three steps reach the last digit of a double."""
    tau = wanted
    for _ in range(3):
        there = _conformal(tau)
        slope = np.hypot(1.0, there) * np.hypot(1.0, tau) * (1 - ECCENTRICITY**2) / (1 + (1 - ECCENTRICITY**2) * tau**2)
        tau = tau + (wanted - there) / slope
    return tau
