"""Positions of addresses: every way in which they go wrong, told by fit and put right; the right ones stay as they are."""

import numpy as np
import pytest

from lakehouse.geo import bd09_from_gcj02, gcj02_from_wgs84
from transforms.spatial.positions import Evidence, corrected, distance_m, faults, snapped

TRUE = (119.6841, 29.7963)
AT_GCJ02 = tuple(float(v) for v in gcj02_from_wgs84(*TRUE))
AT_BD09 = tuple(float(v) for v in bd09_from_gcj02(*AT_GCJ02))
NOTHING = (np.nan, np.nan)
A_METRE_NORTH = 1 / 110_850


def one(sent, crs="cgcs2000", building=NOTHING, place=NOTHING, village=NOTHING, is_snapped=False):
    kinds = {"building": building, "place": place, "village": village}
    evidence = [Evidence(kind, *(np.array([v]) for v in at)) for kind, at in kinds.items()]
    lon, lat = (np.array([v], float) for v in sent)
    found = corrected(lon, lat, np.array([crs], object), np.array([is_snapped]), evidence)
    return float(found.lon[0]), float(found.lat[0]), found.state[0], float(found.moved_m[0])


@pytest.mark.parametrize(
    ("sent", "crs", "state"),
    [
        (TRUE, "cgcs2000", "as_sent"),
        (AT_GCJ02, "cgcs2000", "from_gcj02"),
        (AT_GCJ02, "gcj02", "as_sent"),
        (AT_BD09, "cgcs2000", "from_bd09"),
        (AT_BD09, "bd09", "as_sent"),
        (TRUE[::-1], "cgcs2000", "axes_swapped"),
        ((0.0, 0.0), "cgcs2000", "from_building"),
        ((TRUE[0] + 3, TRUE[1] + 3), "cgcs2000", "from_building"),
        (NOTHING, "cgcs2000", "from_building"),
    ],
)
def test_each_error_is_told_by_the_building(sent, crs, state):
    lon, lat, found, _ = one(sent, crs, building=TRUE)
    assert found == state
    assert float(distance_m(lon, lat, *TRUE)) < 1.0


def test_a_right_position_keeps_its_last_digit():
    beside = (TRUE[0], TRUE[1] + 20 * A_METRE_NORTH)
    assert one(beside, building=TRUE) == (*beside, "as_sent", 0.0)


def test_a_building_that_is_not_known_leaves_road_and_village():
    assert one(AT_GCJ02, place=TRUE)[2] == "from_gcj02"
    assert one((TRUE[0], TRUE[1] + 250 * A_METRE_NORTH), place=TRUE)[2] == "as_sent"
    assert one(AT_GCJ02, village=TRUE)[2] == "as_sent"  # too coarse to tell half a kilometre
    assert one(TRUE[::-1], village=TRUE)[2] == "axes_swapped"
    # cos 115.46 degrees = cos 29.7963 cos 119.6841: that many degrees of a meridian of 111.195 km each
    assert one((0.0, 0.0), village=TRUE) == (*TRUE, "from_village", pytest.approx(115.46 * 111_195, rel=0.001))


def test_without_any_evidence_there_is_no_position():
    lon, lat, state, moved = one(TRUE)
    assert state == "none" and np.isnan([lon, lat, moved]).all()


def test_positions_that_five_buildings_share_are_snapped():
    lon, lat = np.full(6, TRUE[0]), np.full(6, TRUE[1])
    assert snapped(lon, lat, np.array(list("abcdee"), object)).all()
    assert not snapped(lon, lat, np.array(list("abcddd"), object)).any()
    assert not snapped(np.full(6, np.nan), lat, np.array(list("abcdef"), object)).any()
    assert one(TRUE, building=(TRUE[0], TRUE[1] + 30 * A_METRE_NORTH), is_snapped=True)[2] == "from_building"


def test_what_was_wrong_is_said_by_name():
    """One row per fault, all of one place."""
    cases = {
        "wrong_datum": AT_GCJ02, "axes_swapped": TRUE[::-1], "missing": NOTHING, "null_island": (0.0, 0.0),
        "outside": (TRUE[0] + 3, TRUE[1] + 3), "misplaced": (TRUE[0], TRUE[1] + 0.05), "snapped": TRUE, None: TRUE,
    }  # fmt: skip
    lon, lat = np.array(list(cases.values())).T
    evidence = [Evidence("building", np.full(len(lon), TRUE[0]), np.full(len(lon), TRUE[1]))]
    is_snapped = np.array([name == "snapped" for name in cases])
    found = corrected(lon, lat, np.full(len(lon), "cgcs2000", object), is_snapped, evidence)
    assert faults(lon, lat, found.state, is_snapped, evidence).tolist() == list(cases)
    assert set(found.state) == {"from_gcj02", "axes_swapped", "from_building", "as_sent"}
