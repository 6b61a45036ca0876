"""Positions of addresses put right: each row's coordinates are read in every way in which they are known to go wrong, and the
reading counts that fits what is known of the place from elsewhere: its building, its road or hamlet, its village.

A label cannot be trusted (map suppliers sell shifted coordinates as CGCS2000), so fit decides, row by row. The position as
sent counts where it fits; where no reading fits, the place known from elsewhere stands in and the row says so.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lakehouse.geo import to_wgs84

Floats = NDArray[np.float64]
READINGS = ("as_sent", "from_gcj02", "from_bd09", "axes_swapped")
STANDING_IN = {"building": "from_building", "place": "from_place", "village": "from_village"}
NEAR_M = {"building": 40.0, "place": 300.0, "village": 3_000.0}
"""How far an address may lie from the middle of its building, of its road or hamlet, from a point inside its village. The
shifts are 400 to 1,200 m, so that building and place tell them apart; the village only tells far from near."""
CROWD = 5
"""So many buildings do not stand at one point: the supplier snapped addresses to a centroid."""
DIGITS = 6
MARGIN_DEG = 0.1
EARTH_RADIUS_M = 6_371_008.8


class Evidence(NamedTuple):
    """What is known from elsewhere of each row's place: degrees, not-a-number where nothing is."""

    kind: str
    lon: Floats
    lat: Floats


class Positions(NamedTuple):
    """Degrees, the state of each (a reading, what stands in for it, or `none`), metres from where it was sent."""

    lon: Floats
    lat: Floats
    state: NDArray[np.object_]
    moved_m: Floats


def corrected(
    lon: Floats, lat: Floats, source_crs: NDArray, is_snapped: NDArray[np.bool_], evidence: list[Evidence]
) -> Positions:
    """Positions as sent (not-a-number for none) with their labels, and evidence from the best kind to the weakest.

    A reading must fit the best evidence that there is of the row. A snapped position fits nothing.
    """
    readings = [np.where(is_snapped, np.nan, reading) for reading in _readings(lon, lat, source_crs)]
    state, best = np.full(len(lon), "none", object), np.full((2, len(lon)), np.nan)
    open_rows = np.ones(len(lon), bool)
    for known in evidence:
        rows = open_rows & np.isfinite(known.lon)
        choice = _fitting(readings, known)
        fits = rows & (choice >= 0)
        best[:, fits] = np.array(readings)[choice[fits], :, np.flatnonzero(fits)].T
        state[fits] = np.array(READINGS, object)[choice[fits]]
        stand_in = rows & (choice < 0)
        best[:, stand_in] = known.lon[stand_in], known.lat[stand_in]
        state[stand_in] = STANDING_IN[known.kind]
        open_rows &= ~rows
    return Positions(*best, state, distance_m(lon, lat, *best))


def _readings(lon: Floats, lat: Floats, source_crs: NDArray) -> list[Floats]:
    """The coordinates read as labelled, as GCJ-02, as BD-09, and with the axes swapped; each of shape (2, rows)."""
    labelled = np.array([lon, lat])
    for crs in ("gcj02", "bd09"):
        rows = source_crs == crs
        labelled[:, rows] = to_wgs84(crs, lon[rows], lat[rows])
    return [labelled, np.array(to_wgs84("gcj02", lon, lat)), np.array(to_wgs84("bd09", lon, lat)), np.array([lat, lon])]


def _fitting(readings: list[Floats], known: Evidence) -> NDArray[np.int64]:
    """Number of the reading that counts, -1 for none: as sent where it is near enough, else the nearest."""
    away = np.array([distance_m(*reading, known.lon, known.lat) for reading in readings])
    away = np.where(np.isnan(away), np.inf, away)
    nearest = np.argmin(away, axis=0)
    choice = np.where(away[0] <= NEAR_M[known.kind], 0, nearest)
    return np.where(away[choice, np.arange(len(choice))] <= NEAR_M[known.kind], choice, -1)


def faults(
    lon: Floats, lat: Floats, state: NDArray, is_snapped: NDArray[np.bool_], evidence: list[Evidence]
) -> NDArray[np.object_]:
    """What was wrong with each position as sent, None where nothing was or nothing is known to tell by.

    Outside is what lies farther than a tenth of a degree from all that evidence is of.
    """
    known = np.concatenate([np.stack([e.lon, e.lat]) for e in evidence], axis=1)
    low, high = np.nanmin(known, axis=1) - MARGIN_DEG, np.nanmax(known, axis=1) + MARGIN_DEG
    inside = (lon >= low[0]) & (lon <= high[0]) & (lat >= low[1]) & (lat <= high[1])
    told = {
        "wrong_datum": np.isin(state, ("from_gcj02", "from_bd09")),
        "axes_swapped": state == "axes_swapped",
        "missing": ~np.isfinite(lon + lat),
        "null_island": (np.abs(lon) < MARGIN_DEG) & (np.abs(lat) < MARGIN_DEG),
        "snapped": is_snapped,
        "outside": ~inside,
        "misplaced": np.isin(state, tuple(STANDING_IN.values())),
    }
    found = np.select(list(told.values()), list(told), "")
    return np.where((found == "") | (state == "as_sent"), None, found)


def snapped(lon: Floats, lat: Floats, building: NDArray) -> NDArray[np.bool_]:
    """Whether a position is shared by the addresses of five or more buildings."""
    at = np.stack([np.round(lon, DIGITS), np.round(lat, DIGITS)])
    _, place = np.unique(at, axis=1, return_inverse=True)
    pairs = np.unique(np.stack([place.ravel(), np.unique(building.astype(str), return_inverse=True)[1]]), axis=1)
    crowd = np.bincount(pairs[0], minlength=place.max(initial=-1) + 1)
    return np.isfinite(lon) & (crowd[place.ravel()] >= CROWD)


def distance_m(lon: Floats, lat: Floats, other_lon: Floats, other_lat: Floats) -> Floats:
    """Metres between points along a great circle (haversine): within half a percent, also for points on the wrong continent."""
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    half = np.sin((other_phi - phi) / 2) ** 2
    half = half + np.cos(phi) * np.cos(other_phi) * np.sin(np.radians(np.subtract(other_lon, lon)) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
