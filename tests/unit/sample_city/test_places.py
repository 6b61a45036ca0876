"""Divisions, outlines and dwellings."""

import csv
import gzip

import numpy as np
from scipy.spatial import cKDTree
from shapely import STRtree, contains_xy, unary_union

from sample_city.datum import to_bd09, to_gcj02
from sample_city.divisions import household_quotas, townships, units, urban_rural_codes
from sample_city.outlines import county_outline, unit_outlines
from sample_city.people import REGISTERED
from sample_city.slices import Stack, units_of
from sample_city.views.land import strips
from tests.support.sample_city import city


def test_units_of_2014_and_2023() -> None:
    """183 villages, 4 residents' committees and 15 communities in 2014; 181 villages and 37 communities in 2023."""
    now = [u.name for u in units()]
    assert (sum(n.endswith("社区") for n in now), len(now)) == (37, 218)
    day = np.datetime64("2014-12-31")
    then = dict(u.part_at(day, share) for u in units() for share in (0.0, 0.9))
    names = list(then.values())
    communities, committees = (sum(n.endswith(e) for n in names) for e in ("社区", "居委会"))
    assert (communities, committees) == (15, 4)
    assert len(then) - communities - committees == 183
    assert len(townships()) == 14


def test_division_list_is_the_published_one(reference_data) -> None:
    folder = reference_data / "admin_divisions" / "china_division_2023"
    with gzip.open(folder / "villages_33_zhejiang.csv.gz", "rt", encoding="utf-8") as file:
        published = {r["code"]: r["name"] for r in csv.DictReader(file) if r["code"].startswith("330122")}
    assert {u.code: u.name for u in units()} == published


def test_slices_fill_units_as_stated() -> None:
    first = units_of(Stack(0, 1), 1_408)
    assert {units()[i].township_code for i in first.ravel()} == set(townships())
    assert set(units_of(Stack(0, 10), 1_408).ravel().tolist()) == set(range(218))
    whole = np.bincount(units_of(Stack(0, 100), 1_408).ravel())
    assert whole.tolist() == household_quotas(140_800).tolist()


def test_township_totals_follow_the_assumed_populations() -> None:
    """3,000 persons a community, 1,643 a village (408,383 in all): households in proportion to the household, persons within
    3.5 standard deviations of a sum of household sizes."""
    built = city(100)
    unit_of_home = built.addresses.unit[built.home]
    homes = np.bincount(unit_of_home, minlength=218)
    persons = np.bincount(unit_of_home[built.household_row][built.people.kind == REGISTERED], minlength=218)
    sizes = np.bincount(built.household_row[built.people.kind == REGISTERED])
    for township in townships():
        inside = [i for i, u in enumerate(units()) if u.township_code == township]
        stated = sum(3_000 if units()[i].is_community else 1_643 for i in inside) / 408_383
        assert abs(homes[inside].sum() - stated * 140_800) <= len(inside)
        spread = 3.5 * sizes.std() * np.sqrt(homes[inside].sum())
        assert abs(persons[inside].sum() - stated * 408_300) < spread + 2.9 * len(inside), township


def test_urbanisation_is_that_of_2014() -> None:
    """65.0 % of registered and floating persons live in units of classes 111 to 122, within half a per cent."""
    built = city(100)
    urban = np.array([urban_rural_codes()[u.code] != "220" for u in units()])
    here = np.isin(built.people.kind, (0, 3))
    lives = built.addresses.unit[built.home[built.household_row[here]]]
    assert abs(urban[lives].mean() / 0.65 - 1) < 0.005
    assert all(urban_rural_codes()[u.code] in ("111", "121") for u in units() if u.is_community)


def test_outline_has_the_stated_extent_and_area() -> None:
    left, bottom, right, top = county_outline().bounds
    assert (round(right - left), round(top - bottom)) == (77_000, 55_000)
    assert abs(county_outline().area / 1e6 - 1_825) < 0.01


def test_units_tile_the_county() -> None:
    outlines = list(unit_outlines().values())
    assert len(outlines) == 218
    assert abs(unary_union(outlines).area - county_outline().area) < 1
    pairs = STRtree(outlines).query(outlines, predicate="overlaps").T
    assert all(outlines[a].intersection(outlines[b]).area < 1 for a, b in pairs)


def test_addresses_are_distinct_and_lie_in_their_unit() -> None:
    found = city(100).addresses
    assert len(set(found.text.to_pylist())) == len(found.text) == 180_000
    for index, unit in enumerate(units()):
        inside = found.unit == index
        assert contains_xy(unit_outlines()[unit.code], found.x[inside], found.y[inside]).all(), unit.name


def test_buildings_stand_apart() -> None:
    found = city(100).addresses
    _, first = np.unique(found.building_key, return_index=True)
    assert len(cKDTree(np.c_[found.x[first], found.y[first]]).query_pairs(15)) == 0


def test_datum_shifts_of_published_points() -> None:
    """WGS 84 30.2741, 120.1551 -> GCJ-02 30.2717712232, 120.1597944793 -> BD-09 30.2775992182, 120.1663583486."""
    lon, lat = to_gcj02(np.array([120.1551]), np.array([30.2741]))
    assert np.allclose([lon[0], lat[0]], [120.1597944793, 30.2717712232], atol=1e-7)
    lon, lat = to_bd09(np.array([120.1551]), np.array([30.2741]))
    assert np.allclose([lon[0], lat[0]], [120.1663583486, 30.2775992182], atol=1e-7)


def test_governance_grids_tile_their_unit() -> None:
    """Strips of an outline leave no gap and do not overlap, also where the outline is indented."""
    for unit in units()[::9]:
        outline = unit_outlines()[unit.code]
        parts = strips(outline, 11)
        assert abs(sum(p.area for p in parts) - outline.area) < 1e-3
        assert unary_union(parts).symmetric_difference(outline).area < 1e-3
