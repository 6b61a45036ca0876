"""Boundaries of real divisions in a map service's datum, and which of several boundaries counts."""

import gzip
import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lakehouse.geo import gcj02_from_wgs84
from transforms.spatial import geometry
from transforms.spatial.divisions import best_boundaries, entity_divisions, entity_governance_grids
from transforms.spatial.placement import NOWHERE, place

ZHEJIANG = "admin_divisions/boundaries_gcj02/zhejiang_330000_counties.geojson.gz"
SURVEYED_BY_OTHERS = "admin_divisions/boundaries_wgs84/mapchina_zhejiang_counties.geojson.gz"


def features(path) -> list[dict]:
    with gzip.open(path) as file:
        return json.load(file)["features"]


def county_shapes(path, code: str) -> dict[str, shapely.Geometry]:
    return {str(f["properties"][code]): shapely.make_valid(shapely.geometry.shape(f["geometry"])) for f in features(path)}


@pytest.fixture(scope="module")
def counties(reference_data) -> dict[str, shapely.Geometry]:
    """Real counties of Zhejiang as sent, in GCJ-02."""
    return county_shapes(reference_data / ZHEJIANG, "adcode")


def converted(shapes: dict[str, shapely.Geometry]) -> np.ndarray:
    return geometry.to_cgcs2000(np.array(list(shapes.values()), object), np.array(["gcj02"] * len(shapes), object))


def test_real_boundaries_come_to_lie_on_those_of_another_survey(counties, reference_data):
    """OpenStreetMap's coarse outlines are in WGS 84: as sent, the middles of counties lie more than half a kilometre off,
    converted within the hundred metres that the coarse outlines allow. Counties of whose sea the two take different parts
    (areas differ by 3 % or more) do not count."""
    other = county_shapes(reference_data / SURVEYED_BY_OTHERS, "Code_County")
    common = [code for code in counties if code in other and abs(counties[code].area / other[code].area - 1) < 0.03]
    assert len(common) > 50
    right = dict(zip(counties, converted(counties), strict=True))

    def offset_m(shapes: dict[str, shapely.Geometry]) -> float:
        mine, theirs = (np.array([shape[code] for code in common], object) for shape in (shapes, other))
        middles = [shapely.get_coordinates(shapely.centroid(some)) for some in (mine, theirs)]
        east, north = np.median(middles[0] - middles[1], axis=0)
        return float(np.hypot(east * np.cos(np.radians(29.0)), north) * 111_320)

    assert offset_m(counties) > 500 and offset_m(right) < 100


def test_real_counties_hold_each_of_a_hundred_thousand_points_once(counties):
    """Neighbours share their corners, so that also after conversion hardly a point lies in none or in two; placed it has one."""
    shapes = converted(counties)
    shapely.prepare(shapes)
    land = shapely.union_all(shapes)
    random, (west, south, east, north) = np.random.default_rng(9), land.bounds
    x, y = random.uniform(west, east, 300_000), random.uniform(south, north, 300_000)
    inside = shapely.contains_xy(land, x, y)
    x, y = x[inside][:100_000], y[inside][:100_000]
    assert len(x) == 100_000
    number = place(x, y, shapes)
    assert (number != NOWHERE).all() and shapely.intersects_xy(shapes[number], x, y).all()
    holders = sum(shapely.contains_xy(shape, x, y).astype(int) for shape in shapes)
    assert (holders == 1).mean() > 0.999


def boundary(code: str, crs: str, accuracy: float | None) -> dict:
    return {"division_code": code, "source_crs": crs, "accuracy_m": accuracy, "survey_date": date(2014, 1, 1)}


def test_of_several_boundaries_the_one_with_the_smallest_error_counts():
    """A shifted datum adds a metre; a survey that does not state its accuracy comes last."""
    sent = [boundary("330122001001", "gcj02", 1.5), boundary("330122001001", "cgcs2000", 2.0),
            boundary("330122001002", "gcj02", 0.5), boundary("330122001002", "cgcs2000", 2.0),
            boundary("330122001003", "wgs84", None), boundary("330122001003", "bd09", 50.0)]  # fmt: skip
    best = best_boundaries(pa.Table.from_pylist(sent))
    assert best.select(["source_crs", "position_error_m"]).to_pylist() == [
        {"source_crs": "cgcs2000", "position_error_m": 2.0},
        {"source_crs": "gcj02", "position_error_m": 1.5},
        {"source_crs": "bd09", "position_error_m": 51.0},
    ]


SQUARE = shapely.box(119.70, 29.70, 119.71, 29.71)


def shapes_table(shapes: dict[str, shapely.Geometry]) -> pa.Table:
    wkb = pa.array(shapely.to_wkb(list(shapes.values())), pa.binary())
    return pa.table({"key": list(shapes), "geometry": wkb, "is_repaired": [False] * len(shapes)})


def test_a_division_without_a_boundary_is_a_division_all_the_same():
    names = ("division_code", "valid_from", "valid_to", "name", "level", "parent_code", "urban_rural_code", "successor")
    listed = [("330122001001", date(2003, 1, 1), None, "晨露社区", "village", "330122001", "111", None),
              ("330122001", None, None, "晨露街道", "township", "330122", None, None)]  # fmt: skip
    types = [pa.date32() if name.startswith("valid") else pa.string() for name in names]
    columns = [pa.array(column, kind) for column, kind in zip(zip(*listed, strict=True), types, strict=True)]
    sent = pa.Table.from_pylist([boundary("330122001001", "gcj02", 10.0)])
    rows = pa.table(
        entity_divisions(pa.table(columns, names=list(names)), sent, shapes_table({"330122001001": SQUARE}))
    ).to_pylist()
    village, town = rows
    assert (village["xmin"], village["ymax"], village["position_error_m"]) == (119.70, 29.71, 11.0)
    # 0.01 degrees at 29.705 degrees north are 967.8 m by 1,108.6 m on the WGS 84 ellipsoid
    assert village["area_m2"] == pytest.approx(967.8 * 1108.6, rel=0.001)
    assert town["geometry"] is None and town["area_m2"] is None and town["valid_from"] == date(1949, 10, 1)


def test_governance_grids_that_overlap_are_told_and_fitted():
    halves = {
        "330122001001001": shapely.box(119.70, 29.70, 119.706, 29.71),
        "330122001001002": shapely.box(119.705, 29.70, 119.71, 29.71),
    }
    rows = {"grid_code": list(halves), "division_code": ["330122001001"] * 2, "kind": ["urban"] * 2}
    grids = pa.table(rows | {"households": [300, 290], "officer_count": [1, 2]})
    found = pa.table(entity_governance_grids(grids, shapes_table(halves), {"330122001001": SQUARE})).to_pylist()
    assert [row["is_repaired"] for row in found] == [True, True]
    assert found[0]["overlap_m2"] == pytest.approx(96.78 * 1108.6, rel=0.001) and found[0]["gap_m2"] < 1
    assert sum(row["area_m2"] for row in found) == pytest.approx(967.8 * 1108.6, rel=0.001)


def test_the_stated_error_of_conversion_holds():
    """Corners of a square, shifted and converted back, lie within the metre that is stated."""
    shifted = shapely.transform(SQUARE, gcj02_from_wgs84, interleaved=False)
    back = geometry.to_cgcs2000(np.array([shifted], object), np.array(["gcj02"], object))[0]
    metres = np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(SQUARE)) * 111_320
    assert metres.max() < geometry.CONVERSION_ERROR_M == 1.0
