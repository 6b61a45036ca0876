"""The stage `places` on a sample city: every table in its contract's form, positions and doors as the truth has them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import shapely
from deltalake import write_deltalake

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.codes.entity_id import is_valid
from lakehouse.contracts.derive import arrow_schema
from tests.support import sent_places
from tests.support.sample_city import build, truth
from transforms.spatial import geometry, sedona, stage, tiles
from transforms.spatial.placement import places_of, tiling
from transforms.spatial.placing import place_files

pytestmark = pytest.mark.spark
TABLES = ("entity__divisions", "entity__governance_grids", "entity__unit_grids", "entity__buildings", "entity__addresses",
          "xref__addresses", "bridge__grid_overlap")  # fmt: skip


@pytest.fixture
def lake(spark_lake, tmp_path):
    """A lake with the silver datasets of a small city, and the city."""
    city = build(tmp_path / "city")
    for name, rows in sent_places.sent(city).items():
        write_deltalake(tables.location(f"silver.{name}"), rows)
    rows = [(text, hint) for note, _, text, hint in sent_places.address_texts(city) if note["source"] == "psb_residents_full"]
    schema = arrow_schema(contracts()["population__residents"])
    said = {"address_text": [text for text, _ in rows], "division_code": [hint for _, hint in rows]}
    nothing = [None] * len(rows)
    residents = pa.table([pa.array(said.get(f.name, nothing), f.type) for f in schema], schema=schema)
    write_deltalake(tables.location("silver.population__residents"), residents)
    return city


def test_the_register_of_a_sample_city(lake):
    stage.run(stage.plan())
    assert stage.plan() == {}
    only_a_new_address_is_work()
    made = {name: tables.read(f"silver.{name}") for name in TABLES}
    for name, rows in made.items():
        assert rows.schema.names == [f.name for f in contracts()[name].fields]
        assert pc.unique(rows["data_origin"]).to_pylist() == ["synthetic"]
    addresses_lie_where_they_are(made["entity__addresses"], truth(lake, "addresses"))
    every_person_has_a_place(made["xref__addresses"], made["entity__addresses"])
    grids_tile(made)


def only_a_new_address_is_work() -> None:
    """Rows that repeat what is written already change nothing; one that writes another address, or in another division, does."""
    name = "silver.population__residents"
    before, version = tables.read(name), tables.version(name)
    tables.append(name, before.slice(0, 3))
    assert tables.version(name) > version and stage.plan() == {}
    for column, value in (("address_text", "合村乡合村村渡船头9999号"), ("division_code", "330122999999")):
        changed = pa.table({**{c: before[c].slice(0, 1) for c in before.column_names}, column: [value]}, schema=before.schema)
        tables.append(name, changed)
        assert stage.plan() != {}
        tables.replace(name, before)
        assert stage.plan() == {}


def addresses_lie_where_they_are(addresses: pa.Table, true: list[dict]) -> None:
    """Every wrong position that the generator made (D13, D14) is put right to a metre, and no right one is touched."""
    at = {row["address_text"]: (row["lon"], row["lat"]) for row in true}
    rows = addresses.to_pylist()
    assert len(rows) == len(true) and all(is_valid(addresses["address_id"]).to_pylist())
    lon, lat = np.array([at[row["address_text"]] for row in rows]).T
    away = stage_distance(addresses, lon, lat)
    assert away.max() < 1.0
    counts = {row["values"]: row["counts"] for row in pc.value_counts(addresses["position_state"]).to_pylist()}
    faults = {row["values"]: row["counts"] for row in pc.value_counts(addresses["position_fault"]).to_pylist()}
    assert faults["wrong_datum"] == counts["from_gcj02"] + counts["from_bd09"] and faults[None] == counts["as_sent"]
    assert counts["from_gcj02"] > 0.05 * len(rows) and counts["from_bd09"] > 0 and counts["as_sent"] > 0.85 * len(rows)


def stage_distance(addresses: pa.Table, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Metres, on a plane that is good enough for a county at 30 degrees north."""
    east = (addresses["lon"].to_numpy() - lon) * 111_320 * np.cos(np.radians(29.8))
    return np.hypot(east, (addresses["lat"].to_numpy() - lat) * 110_900)


def every_person_has_a_place(xref: pa.Table, addresses: pa.Table) -> None:
    found = xref.filter(pc.equal(xref["geocode_quality"], "A"))
    assert found.num_rows > 0.99 * xref.num_rows
    assert pc.all(pc.is_in(found["address_id"], value_set=addresses["address_id"].combine_chunks())).as_py()
    placed = found.filter(pc.is_valid(found["grid_code"]))
    assert placed.num_rows == found.num_rows
    in_village = pc.equal(pc.utf8_slice_codeunits(placed["grid_code"], 0, 12), placed["division_code"])
    assert pc.all(in_village).as_py()


def grids_tile(made: dict[str, pa.Table]) -> None:
    """Unit grids fill each community, governance grids each village, and the weights of a unit grid sum to one."""
    divisions, units, grids = (made[f"entity__{name}"] for name in ("divisions", "unit_grids", "governance_grids"))
    outlines = dict(zip(divisions["division_code"].to_pylist(), geometry.from_wkb(divisions["geometry"]), strict=True))
    for rows, code in ((units, "community_code"), (grids, "division_code")):
        shapes, owners = geometry.from_wkb(rows["geometry"]), np.array(rows[code].to_pylist())
        for owner in np.unique(owners):
            assert max(tiles.faults(shapes[owners == owner], outlines[owner])) <= 1.0, owner
    summed = made["bridge__grid_overlap"].group_by("unit_grid_code").aggregate([("area_weight", "sum")])
    assert summed.num_rows == units.num_rows
    np.testing.assert_allclose(summed["area_weight_sum"].to_numpy(), 1.0, atol=1e-3)


def test_invalid_polygons_are_mended_and_sound_ones_left_alone(spark):
    """A bow tie of two triangles of area 1 each; a square with a spike; a sound square."""
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 3), (1, 1), (0, 1)])
    sent = {"bow tie": bow_tie, "sound": shapely.box(0, 0, 1, 1), "spike": spike}
    shapes = pa.table({"key": list(sent), "geometry": pa.array(shapely.to_wkb(list(sent.values())), pa.binary())})
    rows = {row["key"]: row for row in sedona.repair(spark, shapes).to_pylist()}
    mended = {key: shapely.from_wkb(row["geometry"]) for key, row in rows.items()}
    assert {key: shapely.area(shape) for key, shape in mended.items()} == {"bow tie": 2.0, "sound": 1.0, "spike": 1.0}
    assert all(shapely.is_valid(shape) for shape in mended.values())
    assert {key: row["is_repaired"] for key, row in rows.items()} == {"bow tie": True, "sound": False, "spike": True}


def test_spark_tasks_place_points_as_the_kernel_does(spark, tmp_path):
    boxes = [shapely.box(i, j, i + 1, j + 1) for i in range(10) for j in range(10)]
    codes = [f"Z{number:02d}" for number in range(100)]
    random = np.random.default_rng(3)
    lon, lat = random.uniform(-1, 11, 20_000), np.round(random.uniform(-1, 11, 20_000), 1)
    files = [tmp_path / f"{number}.parquet" for number in range(3)]
    for file, rows in zip(files, np.array_split(np.arange(20_000), 3), strict=True):
        pq.write_table(pa.table({"lon": lon[rows], "lat": lat[rows]}), file)
    zones = pa.table({"code": codes, "geometry": pa.array(shapely.to_wkb(boxes), pa.binary())})
    expected = places_of(lon, lat, tiling(codes, boxes))
    assert place_files(spark, files, {"zone": zones}, tmp_path)["zone"].to_pylist() == expected.tolist()
    inside = (lon > 0) & (lon < 10) & (lat >= 0) & (lat < 10)
    by_floor = [f"Z{int(i) * 10 + int(j):02d}" for i, j in zip(lon[inside], lat[inside], strict=True)]
    assert expected[inside].tolist() == by_floor
