"""Unit grids, governance grids and the placement of points: each point of a tiling falls in exactly one tile."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lakehouse.geo import from_plane, to_plane
from tests.support import sent_places
from tests.support.sample_city import build
from transforms.spatial import geometry, tiles
from transforms.spatial.grids import entity_unit_grids
from transforms.spatial.placement import place, places_of, tiling
from transforms.spatial.unit_grids import is_community, keep_whole, unit_grids

EAST, NORTH = 500_000.0, 3_300_000.0
COMMUNITY = "330122003001"


def outline(*corners: tuple[float, float]) -> shapely.Polygon:
    """A polygon of degrees from corners in metres east and north of a point on a corner of the hundred-metre squares."""
    x, y = np.array(corners).T
    return shapely.Polygon(np.stack(from_plane(EAST + x, NORTH + y), axis=1))


def square(west: float, south: float, edge: float) -> shapely.Polygon:
    return outline((west, south), (west + edge, south), (west + edge, south + edge), (west, south + edge))


IRREGULAR = outline((30, 10), (1190, 120), (1370, 760), (820, 1410), (240, 980), (400, 560), (-60, 470))


def holders(tiles: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many tiles hold each point in their inside, asked one by one."""
    return sum(shapely.contains_xy(tile, x, y).astype(int) for tile in tiles)


def points_in(shape: shapely.Geometry, count: int) -> tuple[np.ndarray, np.ndarray]:
    random, (west, south, east, north) = np.random.default_rng(7), shape.bounds
    x, y = random.uniform(west, east, 3 * count), random.uniform(south, north, 3 * count)
    inside = shapely.contains_xy(shape, x, y)
    return x[inside][:count], y[inside][:count]


def test_a_hundred_thousand_points_fall_in_exactly_one_unit_grid():
    _, grids = unit_grids(COMMUNITY, IRREGULAR, np.array([], object))
    x, y = points_in(IRREGULAR, 100_000)
    assert len(x) == 100_000 and (holders(grids, x, y) == 1).all()
    number = place(x, y, grids)
    assert shapely.contains_xy(grids[number], x, y).all()


def test_edges_are_half_open_to_the_east_and_north():
    """Four squares around a point: the corner is the north-eastern one's, an edge is that of its eastern or northern side."""
    four = tiling(["sw", "se", "nw", "ne"], [shapely.box(i, j, i + 1, j + 1) for j in (0, 1) for i in (0, 1)])
    x, y = np.array([1, 1, 1, 0.5, 1.5, 0, 2, 0.5, 3.0]), np.array([1, 0.5, 1.5, 1, 1, 0, 2, 0.5, 0.5])
    assert places_of(x, y, four).tolist() == ["ne", "se", "ne", "nw", "ne", "sw", "ne", "sw", None]
    assert places_of(np.array([np.nan]), np.array([np.nan]), four).tolist() == [None]


def test_all_corners_and_edges_of_a_real_tiling_have_one_tile_each():
    _, grids = unit_grids(COMMUNITY, IRREGULAR, np.array([], object))
    corners = np.unique(shapely.get_coordinates(grids), axis=0)
    number = place(*corners.T, grids)
    assert (number >= 0).all()
    assert (shapely.distance(grids[number], shapely.points(corners)) == 0).all()


def test_unit_grids_are_squares_of_a_hectare_cut_along_the_border():
    codes, grids = unit_grids(COMMUNITY, IRREGULAR, np.array([], object))
    found, areas = tiles.faults(grids, IRREGULAR), geometry.area_m2(grids)
    assert max(found) < 1.0, found
    assert codes[0] == "330122003001001" and len(set(codes)) == len(codes) and all(len(code) == 15 for code in codes)
    assert areas.min() >= 2_500 and areas.max() < 10_000 + 4 * 2_500
    whole = shapely.contains_properly(IRREGULAR.buffer(-1e-6), grids) & (shapely.get_num_coordinates(grids) == 5)
    np.testing.assert_allclose(areas[whole], 10_000, atol=0.01)
    assert whole.sum() > 60


def test_a_square_on_the_lines_gives_its_squares_from_north_west_to_south_east():
    codes, grids = unit_grids(COMMUNITY, square(0, 0, 300), np.array([], object))
    assert codes == [f"330122003001{number:03d}" for number in range(1, 10)]
    x, y = to_plane(*shapely.get_coordinates(shapely.centroid(grids)).T)
    expected = [(EAST + i, NORTH + j) for j in (250, 150, 50) for i in (50, 150, 250)]
    np.testing.assert_allclose(np.stack([x, y], axis=1), expected, atol=0.01)


def test_no_grid_cuts_a_building():
    crossing, inside, beyond = square(180, 140, 30), square(20, 20, 10), square(290, 140, 30)
    _, grids = unit_grids(COMMUNITY, square(0, 0, 300), np.array([crossing, inside, beyond], object))
    for building in (crossing, inside):
        shared = geometry.area_m2(shapely.intersection(grids, building))
        assert (shared > 0.01).sum() == 1 and shared.max() == pytest.approx(geometry.area_m2(building), abs=0.01)
    assert max(tiles.faults(grids, square(0, 0, 300))) < 0.01
    assert geometry.area_m2(grids).sum() == pytest.approx(90_000, abs=0.5)


def test_a_building_whose_middle_lies_in_another_community_moves_no_edge():
    grids = np.array([square(0, 0, 100), square(100, 0, 100)], object)
    foreign = outline((90, 90), (110, 90), (110, 160), (90, 160))
    assert keep_whole(grids, np.array([foreign], object), square(0, 0, 200))[0].equals(grids[0])


def test_too_many_grids_for_a_code_are_refused():
    with pytest.raises(ValueError, match=r"^Community 330122003001: 1024 unit grids; a code has room for 999"):
        unit_grids(COMMUNITY, square(0, 0, 3200), np.array([], object))


@pytest.mark.parametrize(("code", "expected"), [("330122003001", True), ("330122002200", False), ("330122003", False)])
def test_communities_by_the_numbers_of_the_statistics_bureau(code, expected):
    assert is_community(code) is expected


OUTLINE = shapely.box(119.5, 29.5, 119.51, 29.51)
HALVES = [shapely.box(119.5, 29.5, 119.505, 29.51), shapely.box(119.505, 29.5, 119.51, 29.51)]


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ([shapely.box(119.5, 29.5, 119.504, 29.51), HALVES[1]], "gap_m2"),
        ([shapely.box(119.5, 29.5, 119.506, 29.51), HALVES[1]], "overlap_m2"),
        ([HALVES[0], shapely.box(119.505, 29.5, 119.511, 29.51)], "beyond_m2"),
    ],
)
def test_tiles_with_a_fault_are_told_and_fitted(sent, fault):
    """A strip of 0.001 degrees by 0.01 degrees at 29.5 degrees north is 96.97 m by 1,108.6 m (WGS 84 ellipsoid)."""
    assert tiles.faults(np.array(HALVES, object), OUTLINE).are_small
    found = tiles.faults(np.array(sent, object), OUTLINE)
    assert getattr(found, fault) == pytest.approx(96.97 * 1108.6, rel=0.001) and not found.are_small
    fitted = tiles.fitted(np.array(sent, object), OUTLINE)
    assert max(tiles.faults(fitted, OUTLINE)) < 0.01 and len(fitted) == 2


def surveyed(codes: list[str], shapes: list[shapely.Geometry]) -> tuple[pa.Table, pa.Table]:
    """A survey of unit grids and its shapes, mended."""
    rows = pa.table({"unit_grid_code": codes, "community_code": [code[:12] for code in codes]})
    geometries = pa.array(shapely.to_wkb(shapes), pa.binary())
    return rows, pa.table({"key": codes, "geometry": geometries, "is_repaired": [False] * len(codes)})


def test_surveyed_unit_grids_are_fitted_where_they_do_not_tile_and_made_where_there_is_no_survey():
    """Of three communities one is surveyed well, one with a gap of 96.97 m by 1,108.6 m, one not at all."""
    outlines = {f"33012200300{n}": shapely.transform(OUTLINE, lambda at, n=n: at + np.array([0.02 * n, 0])) for n in (1, 2, 3)}
    codes = [f"33012200300{n}00{part}" for n in (1, 2) for part in (1, 2)]
    halves = [shapely.transform(half, lambda at, n=n: at + np.array([0.02 * n, 0])) for n in (1, 2) for half in HALVES]
    halves[2] = shapely.intersection(halves[2], shapely.transform(OUTLINE, lambda at: at + np.array([0.034, 0])))
    made = pa.table(entity_unit_grids(*surveyed(codes, halves), outlines, np.array([], object))).to_pylist()
    told = {row["unit_grid_code"]: (row["is_surveyed"], row["is_repaired"], row["gap_m2"]) for row in made}
    assert [told[code][:2] for code in codes] == [(True, False), (True, False), (True, True), (True, True)]
    assert told[codes[0]][2] < 1 and told[codes[2]][2] == pytest.approx(96.97 * 1108.6, rel=0.001)
    others = [row for row in made if row["community_code"] == "330122003003"]
    assert len(others) > 90 and {row["is_surveyed"] for row in others} == {False} and others[0]["gap_m2"] is None
    for code, outline_of in outlines.items():
        own = shapely.from_wkb([row["geometry"] for row in made if row["community_code"] == code])
        assert max(tiles.faults(own, outline_of)) < 1.0


def test_the_grids_and_divisions_of_a_sample_city_tile(tmp_path):
    """A hundred thousand points of the county: exactly one village and one governance grid each, of the village;
    as many of its communities: exactly one unit grid each, which is of the community and some ten thousand square metres."""
    sent = sent_places.sent(build(tmp_path))
    surveyed = sent["geography__division_boundaries"]
    surveyed = surveyed.filter([crs == "cgcs2000" for crs in surveyed["source_crs"].to_pylist()])
    grids = sent["geography__governance_grids"]
    villages = tiling(surveyed["division_code"].to_pylist(), geometry.from_geojson(surveyed["geometry"]))
    strips = tiling(grids["grid_code"].to_pylist(), geometry.from_geojson(grids["geometry"]))
    x, y = points_in(shapely.union_all(villages.polygons).buffer(-1e-6), 100_000)
    assert len(x) == 100_000 and (holders(villages.polygons, x, y) == 1).all() and (holders(strips.polygons, x, y) == 1).all()
    village, grid = places_of(x, y, villages), places_of(x, y, strips)
    assert all(g.startswith(v) for g, v in zip(grid, village, strict=True))
    units = sent["geography__unit_grids"]
    squares = tiling(units["unit_grid_code"].to_pylist(), geometry.from_geojson(units["geometry"]))
    communities = sorted(set(units["community_code"].to_pylist()))
    assert communities == sorted(code for code in villages.codes if is_community(code))
    inside = villages.polygons[np.isin(villages.codes, communities)]
    x, y = np.concatenate([points_in(shape.buffer(-1e-6), 8_000) for shape in inside], axis=1)
    point, _ = shapely.STRtree(squares.polygons).query(shapely.points(x, y), predicate="within")
    assert len(x) >= 100_000 and (np.bincount(point, minlength=len(x)) == 1).all()
    assert all(g.startswith(v) for g, v in zip(places_of(x, y, squares), places_of(x, y, villages), strict=True))
    areas = geometry.area_m2(squares.polygons)
    assert np.median(areas) == pytest.approx(10_000, rel=0.03) and areas.min() > 2_000 and areas.max() < 15_000
    for community in communities:
        own = squares.polygons[[code.startswith(community) for code in squares.codes]]
        assert tiles.faults(own, villages.polygons[list(villages.codes).index(community)]).are_small
