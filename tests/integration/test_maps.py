"""OpenStreetMap extracts from delivery to the geographic register: a hand-made town, and the real centre of Helsinki."""

import warnings
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyproj
import pytest
import shapely

from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from lakehouse import tables
from lakehouse.contracts import contracts
from tests.support import osm_town, silver_lake
from transforms.spatial import stage

DATASETS = ("geography__roads", "geography__pois", "geography__map_buildings")
MADE = ("entity__road_segments", "entity__service_points", "entity__buildings")
GEOD = pyproj.Geod(ellps="WGS84")


def deliver(file: Path, period: str) -> dict[str, str]:
    """The file delivered to each source of maps, and silver built; the answers."""
    said = {name: answer(file, f"{name}__osm_extract", Statement(period=period)) for name in DATASETS}
    for name in DATASETS:
        silver_lake.build(name)
    return said


def places() -> dict[str, pa.Table]:
    stage.run(stage.plan())
    assert stage.plan() == {}
    return {name: tables.read(f"silver.{name}") for name in MADE}


def test_a_town_from_its_extract(home, tmp_path):
    """What the map says in words that no list has is left out with a warning; wrong positions are told, each by its rule."""
    file = tmp_path / "town.osm"
    file.write_bytes(osm_town.extract())
    deliver(file, "2023-05-25")
    roads, pois, buildings = (
        {row[key]: row for row in tables.read(f"silver.{name}").to_pylist()}
        for name, key in zip(DATASETS, ("road_id", "poi_id", "building_id"), strict=True)
    )
    street, lane, foot, square = (roads[f"way/{number}"] for number in (101, 102, 103, 104))
    assert (street["class_code"], street["lanes"], street["free_speed_kmh"], street["direction_code"]) == ("local", 2, 30.0, None)
    assert (lane["class_code"], lane["direction_code"], lane["free_speed_kmh"]) == ("service", "backward", None)
    assert (lane["_warnings"], foot["_warnings"], street["_warnings"]) == ("free_speed_kmh_unreadable", "lanes_unreadable", None)
    assert square["is_area"] and roads["way/106"]["_warnings"] == "line_whole,class_code_unreadable"
    told = {key: row["_warnings"] for key, row in pois.items() if row["_warnings"]}
    assert told == {
        "node/53": "class_code_unreadable",
        "node/54": "position_not_null_island,position_in_extent",
        "node/55": "position_not_swapped,position_in_extent",
        "node/56": "position_in_extent",
    }
    assert (pois["way/301"]["class_code"], pois["node/55"]["class_code"]) == ("school", "pharmacy")
    flats, school = buildings["way/201"], buildings["relation/401"]
    assert (flats["use_code"], flats["floors"], flats["built_year"], flats["_warnings"]) == (
        "12",
        6,
        None,
        "built_year_unreadable",
    )
    assert (school["use_code"], school["height_m"], school["_warnings"]) == (None, 12.0, "use_code_unreadable")


@pytest.mark.spark
def test_a_town_becomes_segments_points_and_buildings(spark_lake, tmp_path):
    file = tmp_path / "town.osm"
    file.write_bytes(osm_town.extract())
    deliver(file, "2023-05-25")
    made = places()
    for name, rows in made.items():
        assert rows.schema.names == [field.name for field in contracts()[name].fields]
        assert set(rows["data_origin"].to_pylist()) == {"public_reference"}
    segments, points, buildings = (rows.to_pylist() for rows in made.values())
    driven = Counter((row["source_key"], row["direction"]) for row in segments)
    both = {(f"way/{key}", way): n for key, n in ((101, 3), (103, 1), (106, 1)) for way in ("forward", "backward")}
    assert driven == both | {("way/102", "backward"): 2}
    for row in segments:
        assert row["length_m"] == pytest.approx(GEOD.geometry_length(shapely.from_wkb(row["geometry"])), abs=1e-6)
    at = {row["source_key"]: (row["lon"], row["lat"], row["position_fault"], row["n_features"]) for row in points}
    assert at["node/55"] == (25.004, 60.004, "axes_swapped", 1) and at["node/54"][2:] == ("null_island", 1)
    assert at["node/51"][3] == 2 and "way/301" not in at and at["node/56"][2] == "outside"
    assert {row["source_key"] for row in buildings} == {"way/201", "relation/401"}
    assert [row["cell_500m"] for row in buildings] == [None, None]


@pytest.mark.spark
def test_the_centre_of_helsinki(spark_lake, reference_data):
    """Counts by GDAL's reading of the same file; each road's segments have the length of its line on the ellipsoid by PROJ."""
    pyogrio = pytest.importorskip("pyogrio")
    file = reference_data / "geo" / "osm_helsinki_centre" / "Helsinki.osm.pbf"
    said = deliver(file, "2020-01-01")
    assert [words.split("; receipt")[0] for words in said.values()] == [
        "Helsinki.osm.pbf: received 2650, landed 2577, dead letters 73",
        "Helsinki.osm.pbf: received 1986, landed 1981, dead letters 5",
        "Helsinki.osm.pbf: received 500, landed 446, dead letters 54",
    ]
    segments, points, buildings = places().values()
    with warnings.catch_warnings(action="ignore"):
        lines = pyogrio.read_dataframe(file, layer="lines", where="highway IS NOT NULL")
    by_gdal = {f"way/{key}": GEOD.geometry_length(line) for key, line in zip(lines["osm_id"], lines.geometry, strict=True)}
    whole = {row["road_id"] for row in tables.read("silver.geography__roads").to_pylist() if row["missing_nodes"] == 0}
    length: Counter = Counter()
    one_way = {}
    for row in segments.drop_columns(["geometry"]).to_pylist():
        first = one_way.setdefault(row["source_key"], row["direction"])
        length[row["source_key"]] += row["length_m"] if row["direction"] == first else 0
    compared = whole & by_gdal.keys()
    assert len(compared) > 2_300 and compared <= length.keys()
    assert max(abs(length[key] - by_gdal[key]) for key in compared) < 1e-5
    assert buildings.num_rows == 446 and 1_900 < points.num_rows < 1_981
    assert set(points["position_fault"].to_pylist()) == {None}
