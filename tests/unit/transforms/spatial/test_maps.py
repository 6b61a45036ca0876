"""What maps draw: roads split where they meet, directions, places told twice, wrong positions, the survey before maps."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import shapely

from lakehouse.contracts.codes.entity_id import is_valid
from transforms.spatial import geometry
from transforms.spatial.buildings import entity_buildings, joined
from transforms.spatial.maps import placed
from transforms.spatial.roads import Pieces, entity_road_segments, split
from transforms.spatial.service_points import entity_service_points
from transforms.spatial.sources import drawn_last


def lines(*coordinates) -> np.ndarray:
    return np.array([shapely.LineString(c) for c in coordinates], object)


def drawn(pieces: Pieces) -> list[tuple[int, list]]:
    return [(int(n), [tuple(p) for p in shapely.get_coordinates(s).tolist()]) for n, s in zip(*pieces, strict=True)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([[(0, 0), (1, 0), (2, 0)]], [(0, [(0, 0), (1, 0), (2, 0)])]),
        ([[(0, 0), (1, 0), (2, 0)], [(1, 0), (1, 1)]], [(0, [(0, 0), (1, 0)]), (0, [(1, 0), (2, 0)]), (1, [(1, 0), (1, 1)])]),
        ([[(0, 0), (2, 0)], [(1, -1), (1, 1)]], [(0, [(0, 0), (2, 0)]), (1, [(1, -1), (1, 1)])]),
        ([[(0, 0), (0, 0), (1, 0)]], [(0, [(0, 0), (1, 0)])]),
        ([[(0, 0), (1, 0), (1, 1), (0, 0)]], [(0, [(0, 0), (1, 0), (1, 1), (0, 0)])]),
        (
            [[(0, 0), (1, 0), (2, 1), (1, 1), (1, 0), (3, 0)]],
            [(0, [(0, 0), (1, 0)]), (0, [(1, 0), (2, 1), (1, 1), (1, 0)]), (0, [(1, 0), (3, 0)])],
        ),
        ([], []),
    ],
    ids=["no junction", "junction", "bridge", "point twice", "ring", "line that meets itself", "nothing"],
)
def test_lines_are_split_where_they_meet(given, expected):
    assert drawn(split(lines(*given))) == expected


def test_a_line_of_several_parts_is_split_in_each():
    whole = np.array([shapely.MultiLineString([[(0, 0), (1, 0)], [(3, 0), (4, 0), (5, 0)]]), *lines([(4, 0), (4, 1)])], object)
    assert [n for n, _ in drawn(split(whole))] == [0, 0, 0, 1]


def road(key: str, **said) -> dict:
    blank = dict.fromkeys(("name", "class_code", "direction_code", "position_fault"))
    numbers = {"lanes": 2, "free_speed_kmh": 30.0, "is_roundabout": False, "_source_code": "map"}
    return {"road_id": key} | blank | numbers | said


def test_each_direction_that_may_be_driven_is_a_row(home):
    said = [
        road("open", class_code="local"),
        road("one way", direction_code="forward"),
        road("against", direction_code="backward"),
        road("ring", is_roundabout=True),
        road("fast", class_code="motorway"),
        road("both", class_code="motorway", direction_code="both"),
    ]
    ways = pa.Table.from_pylist(said)
    pieces = split(lines(*([(n, 0), (n, 1)] for n in range(len(said)))))
    made = pa.table(entity_road_segments(ways, pieces, pa.chunked_array([np.arange(6.0)]))).to_pylist()
    ways_of = {row["road_id"]: [r["direction"] for r in made if r["source_key"] == row["road_id"]] for row in said}
    assert ways_of == {
        "open": ["forward", "backward"],
        "one way": ["forward"],
        "against": ["backward"],
        "ring": ["forward"],
        "fast": ["forward"],
        "both": ["forward", "backward"],
    }
    there, back = (next(r for r in made if r["source_key"] == "open" and r["direction"] == d) for d in ("forward", "backward"))
    assert there["segment_id"] == back["segment_id"] and is_valid(pa.array([there["segment_id"]]))[0].as_py()
    assert shapely.get_coordinates(shapely.from_wkb(back["geometry"])).tolist() == [[0, 1], [0, 0]]
    assert [r["length_m"] for r in made if r["source_key"] == "both"] == [5.0, 5.0]


def test_the_id_of_a_segment_stays_when_the_road_is_split_elsewhere(home):
    before = split(lines([(0, 0), (1, 0), (2, 0), (3, 0)], [(1, 0), (1, 1)]))
    after = split(lines([(0, 0), (1, 0), (2, 0), (3, 0)], [(1, 0), (1, 1)], [(2, 0), (2, 1)]))
    ids = []
    for pieces, count in ((before, 2), (after, 3)):
        ways = pa.Table.from_pylist([road(f"r{n}", class_code="local", direction_code="both") for n in range(count)])
        made = entity_road_segments(ways, pieces, pa.chunked_array([np.ones(len(pieces.line))]))
        ids.append(
            {i for i, d in zip(made["segment_id"].to_pylist(), made["direction"].to_pylist(), strict=True) if d == "forward"}
        )
    assert len(ids[0]) == 3 and len(ids[1]) == 5 and len(ids[0] & ids[1]) == 2


def poi(key: str, name: str | None, kind: str | None) -> dict:
    return {
        "poi_id": key,
        "name": name,
        "class_code": kind,
        "street": None,
        "house_number": None,
        "position_fault": None,
        "_source_code": "map",
    }


def test_a_place_drawn_twice_is_one_point(home):
    """At 60 degrees north a thousandth of a degree of latitude is 111 m, two thousandths of longitude too."""
    rows = [
        poi("a", "School ", "school"),
        poi("b", "school", "school"),
        poi("c", "School", "library"),
        poi("d", "School", "school"),
        poi("e", None, "school"),
        poi("f", None, "school"),
    ]
    at = [(25, 60), (25, 60.001), (25, 60), (25, 60.002), (25, 60), (25, 60)]
    made = pa.table(
        entity_service_points(pa.Table.from_pylist(rows), np.array([shapely.Point(p) for p in at], object))
    ).to_pylist()
    assert [(r["source_key"], r["n_features"]) for r in made] == [("a", 2), ("c", 1), ("d", 1), ("e", 1), ("f", 1)]


def test_positions_are_judged_by_their_warnings_and_swapped_axes_put_right():
    warned = [
        None,
        "class_code_unreadable",
        "position_not_swapped,position_in_extent",
        "position_in_extent",
        "position_not_null_island,position_in_extent",
    ]
    at = [(25, 60), (25, 60), (60, 25), (26, 61), (0, 0)]
    texts = [shapely.to_geojson(shapely.Point(p)) for p in at]
    rows = pa.table({"geometry": texts, "_warnings": pa.array(warned), "source_crs": ["wgs84"] * 5})
    judged, shapes = placed(rows)
    assert judged["position_fault"].to_pylist() == [None, None, "axes_swapped", "outside", "null_island"]
    assert [(p.x, p.y) for p in shapes] == [(25, 60), (25, 60), (25, 60), (26, 61), (0, 0)]


def test_only_the_newest_state_of_a_map_counts():
    rows = [("map", 1, "a"), ("map", 1, "b"), ("map", 2, "a"), ("other", 1, "c")]
    said = [{"_source_code": s, "state_of": date(2023, 5, d), "road_id": k, "_record_id": f"{s}{d}{k}"} for s, d, k in rows]
    assert drawn_last(pa.Table.from_pylist(said))["_record_id"].to_pylist() == ["map2a", "other1c"]


def buildings(source: str, keys: list[str], shapes: list, **said) -> dict:
    rows = {"building_id": keys, "_source_code": [source] * len(keys)} | said
    mended = {"key": keys, "geometry": pa.array(shapely.to_wkb(shapes), pa.binary()), "is_repaired": [False] * len(keys)}
    return entity_buildings(pa.table(rows), pa.table(mended))


def test_the_survey_counts_before_the_map_and_the_map_fills_what_it_leaves_open(home):
    survey = buildings(
        "survey",
        ["s1", "s2"],
        [shapely.box(0, 0, 2, 2), shapely.box(10, 0, 12, 2)],
        floors=pa.array([3, None], pa.int64()),
        use_code=[None, "12"],
        height_m=pa.array([None, None], pa.float64()),
    )
    boxes = [shapely.box(0.5, 0, 2.5, 2), shapely.box(0, 0, 2, 0.5), shapely.box(11.5, 0, 13.5, 2), shapely.box(20, 0, 21, 1)]
    mapped = buildings(
        "map",
        ["m1", "m2", "m3", "m4"],
        boxes,
        floors=pa.array([5, 9, 7, 4], pa.int64()),
        height_m=[20.0, 30.0, 5.0, 9.0],
        use_code=["11", "21", "21", None],
    )
    over, under = (geometry.from_wkb(rows["geometry"]) for rows in (mapped, survey))
    ids = [rows["building_id"].to_pylist() for rows in (mapped, survey)]
    pairs = [(a, b) for a in range(4) for b in range(2) if over[a].intersection(under[b]).area]
    shared = pa.table(
        {
            "over": [ids[0][a] for a, _ in pairs],
            "under": [ids[1][b] for _, b in pairs],
            "geometry": pa.array([shapely.to_wkb(over[a].intersection(under[b])) for a, b in pairs], pa.binary()),
        }
    )
    rows = pa.table(joined(survey, mapped, shared)).to_pylist()
    assert [(r["source_key"], r["floors"], r["height_m"], r["use_code"]) for r in rows] == [
        ("s1", 3, 30.0, "21"),
        ("s2", None, None, "12"),
        ("m3", 7, 5.0, "21"),
        ("m4", 4, 9.0, None),
    ]
