"""OpenStreetMap extracts as rows: which features, drawn as what, and what the edge of the extract cuts."""

import json
import warnings

import osmium
import pytest
import shapely

from ingestion.batch.extract import extract
from ingestion.batch.faults import Refused
from lakehouse.contracts import contracts
from tests.support import osm_town

ROADS, POIS, BUILDINGS = (f"geography__{name}__osm_extract" for name in ("roads", "pois", "map_buildings"))


def found(source: str, body: bytes | None = None):
    return extract(body or osm_town.extract(), contracts().sources[source], "town.osm")


def by_id(source: str) -> dict[str, dict]:
    return {row["osm_id"]: row for row in found(source).rows.to_pylist()}


def test_lines_with_their_tags_and_boxes():
    rows = by_id(ROADS)
    assert list(rows) == ["way/101", "way/102", "way/103", "way/104", "way/106"]
    street = rows["way/101"]
    assert (street["feature"], street["name"], street["lanes"], street["maxspeed"]) == (
        "highway=residential",
        "Long Street",
        "2",
        "30",
    )
    assert json.loads(street["tags"]) == osm_town.WAYS[101][1] and street["oneway"] is None
    assert shapely.from_geojson(street["geometry"]).equals(shapely.LineString([osm_town.NODES[n] for n in (1, 2, 3, 4, 5)]))
    assert [street[side] for side in ("xmin", "ymin", "xmax", "ymax")] == ["25.0010000", "60.0050000", "25.0050000", "60.0050000"]
    assert [float(street[f"extent_{side}"]) for side in ("xmin", "ymin", "xmax", "ymax")] == [25.0, 60.0, 25.01, 60.01]


def test_what_the_edge_cuts_keeps_its_part_within_or_is_a_row_that_is_no_record():
    lines, areas = found(ROADS), found(BUILDINGS)
    cut = next(row for row in lines.rows.to_pylist() if row["osm_id"] == "way/106")
    assert cut["missing_nodes"] == "1"
    assert shapely.from_geojson(cut["geometry"]).equals(shapely.LineString([osm_town.NODES[4], osm_town.NODES[5]]))
    (lost,), (open_outline,) = lines.unparsed, areas.unparsed
    assert lost.reason.startswith("way/105 in town.osm: 2 of its points lie beyond the extract, so it has no line")
    assert open_outline.reason.startswith("way/204 in town.osm: 1 of its points lie beyond the extract, so it has no area")
    assert json.loads(open_outline.text) == {"building": "yes"}


def test_outlines_of_ways_and_of_relations_with_courts():
    rows = by_id(BUILDINGS)
    assert set(rows) == {"way/201", "relation/401"}
    court = shapely.from_geojson(rows["relation/401"]["geometry"])
    assert court.area == pytest.approx(0.001 * 0.001 - 0.0006 * 0.0006)
    assert (rows["way/201"]["building:levels"], rows["relation/401"]["height"]) == ("6", "12")


def test_points_of_nodes_and_inside_areas():
    rows = by_id(POIS)
    assert set(rows) == {*(f"node/{number}" for number in osm_town.POINTS), "way/301"}
    inside = shapely.from_geojson(rows["way/301"]["geometry"])
    assert shapely.box(25.006, 60.002, 25.007, 60.003).contains(inside) and rows["way/301"]["addr:street"] == "Long Street"
    assert rows["node/52"]["feature"] == "shop=bakery"


def test_the_same_of_a_pbf_file(tmp_path):
    with osmium.SimpleWriter(str(tmp_path / "town.osm.pbf")) as writer:
        for one in osmium.FileProcessor(osmium.io.FileBuffer(osm_town.extract(), "osm")):
            writer.add(one)
    for source in (ROADS, POIS, BUILDINGS):
        packed = found(source, (tmp_path / "town.osm.pbf").read_bytes())
        sides = [c for c in packed.rows.column_names if not c.startswith("extent")]
        assert packed.rows.select(sides).equals(found(source).rows.select(sides)) and packed.unparsed == found(source).unparsed
        assert packed.rows["extent_xmin"].null_count == packed.rows.num_rows  # this writer states no box


@pytest.mark.parametrize("body", [b"nothing of OSM", b'<osm version="0.6"><node id="1"', osm_town.extract()[:-40],
    b'<!DOCTYPE x [<!ENTITY a "b">]><osm version="0.6"></osm>'])  # fmt: skip
def test_what_is_no_extract_is_refused(body):
    with pytest.raises(Refused, match=r"^town.osm: it reads as no OSM extract \("):
        found(ROADS, body)


def test_the_extract_of_helsinki_as_gdal_reads_it(reference_data):
    """GDAL draws ways with area=yes, and closed platforms, as polygons; in all else the two readers agree."""
    pyogrio = pytest.importorskip("pyogrio")
    file = reference_data / "geo" / "osm_helsinki_centre" / "Helsinki.osm.pbf"
    with warnings.catch_warnings(action="ignore"):
        lines = pyogrio.read_dataframe(file, layer="lines", where="highway IS NOT NULL", read_geometry=False)
        areas = pyogrio.read_dataframe(file, layer="multipolygons", where="building IS NOT NULL", read_geometry=False)
        nodes = pyogrio.read_dataframe(file, layer="points", read_geometry=False)
    roads, buildings, points = (found(source, file.read_bytes()) for source in (ROADS, BUILDINGS, POIS))
    drawn = {row["osm_id"]: shapely.from_geojson(row["geometry"]) for row in roads.rows.to_pylist()}
    known = {f"way/{number}" for number in lines["osm_id"]}
    squares = {row["osm_id"] for row in roads.rows.to_pylist() if row["area"] == "yes"}
    assert len(known) == 2_504 and known <= set(drawn)
    assert all(drawn[i].is_ring for i in set(drawn) - known - squares) and len(set(drawn) - known) == 73
    outlines = {f"way/{n}" for n in areas["osm_way_id"].dropna()} | {f"relation/{n}" for n in areas["osm_id"].dropna()}
    dead = {row.reason.split(" ")[0] for row in buildings.unparsed}
    ours = set(buildings.rows["osm_id"].to_pylist())
    assert outlines - ours <= dead and len(outlines & ours) == 444 and len(ours) == 446
    keys = '"(?:amenity|shop|tourism|leisure|office|healthcare)"=>'
    of_nodes = [i for i in points.rows["osm_id"].to_pylist() if i.startswith("node/")]
    assert len(of_nodes) == nodes["other_tags"].fillna("").str.contains(keys).sum() == 1_850
