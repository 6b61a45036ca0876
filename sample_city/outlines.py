"""An invented outline of the county's extent, cut into its townships and units; positions in metres around the county's centre.

The plane is a local equirectangular one: x = dlon * 111,320 m * cos(lat0), y = dlat * 110,946 m (lengths of a degree
at 30 N, WGS 84 ellipsoid rounded). Nothing here is surveyed, so the plane only has to be one and the same everywhere.
"""

from functools import cache

import numpy as np
from shapely import Geometry, Polygon, box, contains_xy, prepare, transform

from sample_city.divisions import Unit, units
from sample_city.parameters import parameters, words

METRES_A_DEGREE_LAT = 110_946.0
METRES_A_DEGREE_LON_EQUATOR = 111_320.0


def to_degrees(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres around the centre to (lon, lat) in CGCS2000 degrees."""
    centre = parameters().county["centre"]
    a_degree = METRES_A_DEGREE_LON_EQUATOR * np.cos(np.radians(centre["lat"]))
    return centre["lon"] + x / a_degree, centre["lat"] + y / METRES_A_DEGREE_LAT


def as_drawn(outline: Geometry, digits: int) -> Geometry:
    """The outline in metres as a file gives it whose degrees have so many decimals."""

    def rounded(points: np.ndarray) -> np.ndarray:
        lon, lat = (np.round(v, digits) for v in to_degrees(points[:, 0], points[:, 1]))
        centre = parameters().county["centre"]
        a_degree = METRES_A_DEGREE_LON_EQUATOR * np.cos(np.radians(centre["lat"]))
        return np.stack([(lon - centre["lon"]) * a_degree, (lat - centre["lat"]) * METRES_A_DEGREE_LAT], axis=1)

    return transform(outline, rounded)


@cache
def county_outline() -> Polygon:
    """The invented outline, with the real extent and area."""
    county, corners = parameters().county, np.array(words("parameters")["outline"])
    half = np.array([county["extent_km"]["east_west"], county["extent_km"]["north_south"]]) * 500
    whole, inner = Polygon(corners * half), Polygon(corners * half * 0.5)
    area = county["area_km2"] * 1e6
    if not inner.area <= area <= box(*whole.bounds).area:
        raise ValueError(f"parameters.yaml: no outline of this extent has {county['area_km2']} km2; mend extent or area.")
    return _with_area(corners, half, area)


def _with_area(corners: np.ndarray, half: np.ndarray, area: float) -> Polygon:
    """Push corners towards (or away from) the centre until the area fits; the four outermost stay, and with them the extent."""
    inner = ~np.isin(np.arange(len(corners)), [*corners.argmax(0), *corners.argmin(0)])
    low, high = 0.3, 1.6
    for _ in range(60):
        middle = (low + high) / 2
        moved = np.where(inner[:, None], np.clip(corners * middle, -1, 1), corners)
        low, high = (low, middle) if Polygon(moved * half).area > area else (middle, high)
    return Polygon(moved * half)


def _area(unit: Unit) -> float:
    return parameters().unit_area_km2["community" if unit.is_community else "village"]


@cache
def unit_outlines() -> dict[str, Polygon]:
    """Outline of each unit of 2023 by code; together they tile the county."""
    order = words("parameters")["townships_west_to_east"]
    ordered = sorted(units(), key=lambda u: (order.index(u.township_code), u.code))
    outlines: dict[str, Polygon] = {}
    _cut(county_outline(), ordered, outlines)
    return outlines


def _cut(area: Polygon, of: list[Unit], outlines: dict[str, Polygon]) -> None:
    """Halve the list and the area in proportion, across the longer side, until each piece holds one unit."""
    if len(of) == 1:
        outlines[of[0].code] = area
        return
    middle = len(of) // 2
    share = sum(map(_area, of[:middle])) / sum(map(_area, of))
    first, second = _split(area, share)
    _cut(first, of[:middle], outlines)
    _cut(second, of[middle:], outlines)


def _split(area: Polygon, share: float) -> tuple[Polygon, Polygon]:
    left, bottom, right, top = area.bounds
    across = right - left >= top - bottom
    low, high = (left, right) if across else (bottom, top)
    for _ in range(50):
        at = (low + high) / 2
        part = area.intersection(box(left, bottom, at, top) if across else box(left, bottom, right, at))
        low, high = (at, high) if part.area < share * area.area else (low, at)
    rest = area.intersection(box(at, bottom, right, top) if across else box(left, at, right, top))
    return part, rest


def inner_points(unit: Unit, candidates: np.ndarray, margin: float, wanted: int) -> np.ndarray:
    """`wanted` points `margin` metres inside a unit, as far apart as the candidates (n, 2; shares of the bounding box) allow."""
    outline = unit_outlines()[unit.code]
    inside = outline.buffer(-margin)
    inside = outline.buffer(-margin / 4) if inside.is_empty else inside
    prepare(inside)
    left, bottom, right, top = inside.bounds
    points = candidates * [right - left, top - bottom] + [left, bottom]
    points = points[contains_xy(inside, points[:, 0], points[:, 1])]
    chosen, distance = [points[0]], np.full(len(points), np.inf)
    while len(chosen) < wanted:
        distance = np.minimum(distance, np.hypot(*(points - chosen[-1]).T))
        chosen.append(points[distance.argmax()])
    return np.array(chosen)
