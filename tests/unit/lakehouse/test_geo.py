"""Datums, projection and cells against the vectors of open implementations, PROJ and exact arithmetic."""

import csv
import gzip
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import geo
from lakehouse.geo import projection

DATA = Path(__file__).parents[2] / "data" / "geo"
METRES_PER_DEGREE = 111_320.0

# googollee/eviltransform and an independent computation; (lat, lon) as published
WGS_TO_GCJ = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
    (30.2741, 120.1551, 30.2717712232, 120.1597944793),
    (39.9087, 116.3975, 39.9101034993, 116.4037435727),
]
GCJ_TO_BD = [
    (30.2717712232, 120.1597944793, 30.2775992182, 120.1663583486),
    (39.9101034993, 116.4037435727, 39.9164427496, 116.4101165865),
]
BD_TO_WGS = [
    (30.2775992182, 120.1663583486, 30.2741, 120.1551),
    (39.9164427496, 116.4101165865, 39.9087, 116.3975),
]


def columns(rows):
    return np.array(rows).T


@pytest.mark.parametrize(("move", "vectors"), [(geo.gcj02_from_wgs84, WGS_TO_GCJ), (geo.bd09_from_gcj02, GCJ_TO_BD)])
def test_published_shifts(move, vectors):
    lat, lon, to_lat, to_lon = columns(vectors)
    found = move(lon, lat)
    np.testing.assert_allclose(found, (to_lon, to_lat), rtol=0, atol=1e-9)


def test_the_way_back_undoes_both_shifts():
    lat, lon, to_lat, to_lon = columns(BD_TO_WGS)
    np.testing.assert_allclose(geo.to_wgs84("bd09", lon, lat), (to_lon, to_lat), rtol=0, atol=1e-8)


def points(n: int):
    random = np.random.default_rng(20)
    return random.uniform(73.5, 135.0, n), random.uniform(3.5, 53.5, n)


@pytest.mark.parametrize(
    "there_and_back",
    [
        lambda lon, lat: geo.to_wgs84("gcj02", *geo.gcj02_from_wgs84(lon, lat)),
        lambda lon, lat: geo.to_wgs84("bd09", *geo.bd09_from_gcj02(*geo.gcj02_from_wgs84(lon, lat))),
        lambda lon, lat: geo.gcj02_from_bd09(*geo.bd09_from_gcj02(lon, lat)),
    ],
)
def test_round_trips_over_all_china_stay_below_a_millimetre(there_and_back):
    lon, lat = points(200_000)
    back_lon, back_lat = there_and_back(lon, lat)
    assert np.hypot(back_lon - lon, back_lat - lat).max() * METRES_PER_DEGREE < 0.001


def test_the_shift_is_what_it_is_known_for_and_ends_at_the_box():
    lon, lat = points(1000)
    moved = geo.gcj02_from_wgs84(lon, lat)
    metres = np.hypot((moved[0] - lon) * np.cos(np.radians(lat)), moved[1] - lat) * METRES_PER_DEGREE
    assert 20 < metres.min() and metres.max() < 900
    assert [float(v) for v in geo.gcj02_from_wgs84(2.35, 48.86)] == [2.35, 48.86]
    assert np.isnan(geo.to_wgs84("gcj02", np.nan, 30.0)).any()


def test_an_unknown_datum_is_refused_and_the_true_one_is_left_alone():
    with pytest.raises(ValueError, match=r"^source_crs 'unknown' cannot be converted; write wgs84"):
        geo.to_wgs84("unknown", 120.0, 30.0)
    assert [float(v) for v in geo.to_wgs84("cgcs2000", 120.0, 30.0)] == [120.0, 30.0]


def proj_vectors():
    """PROJ 9 by pyproj 3.7.2, EPSG:4490 to each 3-degree zone, to the micrometre."""
    with (DATA / "gauss_krueger.csv").open() as file:
        return [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]


def test_projection_agrees_with_proj_in_every_zone_there_and_back():
    rows = proj_vectors()
    assert {int(r[0]) for r in rows} == set(range(4513, 4555))
    for epsg, lon, lat, easting, northing in rows:
        assert np.abs(np.subtract(geo.to_plane(lon, lat, int(epsg)), (easting, northing))).max() < 1e-5
        assert np.abs(np.subtract(geo.from_plane(easting, northing, int(epsg)), (lon, lat))).max() < 1e-10


@pytest.mark.parametrize(
    ("lon", "lat", "epsg", "easting", "northing"),
    [
        (116.3975, 39.9087, 4548, 448481.575, 4419565.435),
        (116.3975, 39.9087, 4527, 39448481.575, 4419565.435),
        (120.1551, 30.2741, 4549, 514923.734, 3350508.870),
        (120.1551, 30.2741, 4528, 40514923.734, 3350508.870),
    ],
)
def test_projection_vectors(lon, lat, epsg, easting, northing):
    np.testing.assert_allclose(geo.to_plane(lon, lat, epsg), (easting, northing), rtol=0, atol=0.0006)


def test_a_code_that_is_no_zone_is_refused():
    assert projection.zone(4549) == (120.0, 500_000.0) and projection.zone(4528) == (120.0, 40_500_000.0)
    with pytest.raises(ValueError, match="EPSG:4555 is no 3-degree zone"):
        geo.to_plane(120.0, 30.0, 4555)


def test_a_hundred_thousand_points_lie_in_exactly_one_cell_each():
    random = np.random.default_rng(500)
    x, y = random.uniform(480_000, 500_000, 100_000), random.uniform(3_300_000, 3_320_000, 100_000)
    x[:20_000], y[10_000:30_000] = np.round(x[:20_000] / 500) * 500, np.round(y[10_000:30_000] / 500) * 500
    holders = np.zeros(len(x), int)
    tiling = pa.array([f"C500_{i}_{j}" for i in range(960, 1001) for j in range(6600, 6641)])
    for west, south, east, north in zip(*geo.cell_bounds(tiling), strict=True):
        holders += (west <= x) & (x < east) & (south <= y) & (y < north)
    assert (holders == 1).all()
    west, south, east, north = geo.cell_bounds(geo.cell_codes(x, y))
    assert ((west <= x) & (x < east) & (south <= y) & (y < north)).all()


@given(st.floats(-1e7, 5e7))
def test_the_cell_is_the_exact_floor_also_just_below_an_edge(x):
    assert geo.cell_codes(x, 0.0).to_pylist() == [f"C500_{Fraction(x) // 500}_0"]


def test_cells_of_points_without_a_place_are_null_and_other_texts_are_refused():
    assert geo.cell_codes([1000.0, np.nan, 499.999], [500.0, 1.0, -0.001]).to_pylist() == ["C500_2_1", None, "C500_0_-1"]
    with pytest.raises(ValueError, match=r"^'C250_1_2' is no cell code; write C500_x_y\.$"):
        geo.cell_bounds(pa.array(["C500_1_2", "C250_1_2"]))


# Land area in km², as the districts publish it
PUBLISHED_KM2 = {"330102": 26.06, "330105": 69.25, "330112": 3118.77, "330122": 1825.0}


def test_published_areas_from_boundaries_in_gcj02(reference_data):
    """The whole way from map coordinates to metres: a district's area comes out within one percent."""
    path = reference_data / "admin_divisions/boundaries_gcj02/hangzhou_330100_counties.geojson.gz"
    with gzip.open(path) as file:
        features = json.load(file)["features"]
    found = {f["properties"]["adcode"]: area_km2(f["geometry"]) for f in features}
    for code, published in PUBLISHED_KM2.items():
        assert found[code] == pytest.approx(published, rel=0.01), code


def area_km2(geometry: dict) -> float:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return sum(ring_km2(outer) - sum(map(ring_km2, holes)) for outer, *holes in polygons)


def ring_km2(ring: list) -> float:
    x, y = geo.to_plane(*geo.to_wgs84("gcj02", *np.array(ring).T))
    x, y = x - x.mean(), y - y.mean()
    return abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2e6


def test_projection_agrees_with_proj_at_a_hundred_thousand_points_of_the_city():
    """EPSG:4490 to 4549 by PROJ: below a millimetre."""
    pyproj = pytest.importorskip("pyproj")
    random = np.random.default_rng(4549)
    lon, lat = random.uniform(118.5, 121.5, 100_000), random.uniform(29.0, 31.0, 100_000)
    proj = pyproj.Transformer.from_crs(4490, 4549, always_xy=True)
    assert np.abs(np.subtract(geo.to_plane(lon, lat), proj.transform(lon, lat))).max() < 0.001
    assert np.abs(np.subtract(geo.from_plane(*geo.to_plane(lon, lat)), (lon, lat))).max() * METRES_PER_DEGREE < 0.001
