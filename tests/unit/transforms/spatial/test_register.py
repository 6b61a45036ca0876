"""Rows of the register from hand-made deliveries: the newest word, one row per door, weights of the overlap, keys of doors."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from lakehouse.contracts.codes.entity_id import is_valid
from lakehouse.settings import settings
from transforms.conform.addresses import parse_addresses
from transforms.conform.door_keys import door_keys
from transforms.conform.gazetteer import gazetteer
from transforms.spatial.addresses import entity_addresses
from transforms.spatial.overlap import weighed
from transforms.spatial.sources import address_columns, home_of, newest

HEAD = "浙江省杭州市桐庐县旧县街道旧县村"
VILLAGE = "330122002200"


@pytest.mark.parametrize(
    ("written", "door", "place", "number"),
    [
        ("晨露苑1幢2单元101室", "晨露苑1-2-101", "晨露苑", 1),
        ("晨露苑1-2-101", "晨露苑1-2-101", "晨露苑", 1),
        ("晨露苑１号楼二单元101", "晨露苑1-2-101", "晨露苑", 1),
        ("晨露里12号", "晨露里12", "晨露里", 12),
        ("晨露里12", "晨露里12", "晨露里", 12),
        ("晨露里12号之3", "晨露里12-3", "晨露里", 12),
        ("晨露路12a号", "晨露路12A", "晨露路", 12),
        ("人民公社路3号", "振兴路3", "振兴路", 3),
        ("晨露里", "晨露里", "晨露里", None),
        ("", None, None, None),
    ],
)
def test_one_key_for_one_door(written, door, place, number):
    (row,) = door_keys(parse_addresses(pa.array([HEAD + written]), home="330122")).to_pylist()
    assert (row["door"], row["place"], row["number"]) == (door, place, number)


def test_invented_names_of_roads_do_not_count_in_production(monkeypatch):
    monkeypatch.setenv("LAKE_PROFILE", "production")
    settings.cache_clear()
    try:
        (row,) = door_keys(parse_addresses(pa.array([f"{HEAD}人民公社路3号"]), home="330122")).to_pylist()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert row["door"] == "人民公社路3"


def delivered(key: str, day: int, text: str, hour: int = 0) -> dict:
    received = datetime(2015, 1, day, hour, tzinfo=UTC)
    return {"address_id": key, "state_of": date(2015, 1, day), "_received_at": received, "_record_id": text, "text": text}


def test_the_newest_word_on_a_key_counts():
    rows = [
        delivered("b", 2, "new"),
        delivered("a", 1, "only"),
        delivered("b", 1, "old", hour=5),
        delivered("b", 2, "later", hour=3),
    ]
    found = newest(pa.Table.from_pylist(rows), ["address_id"])
    assert found["text"].to_pylist() == ["only", "later"]
    assert newest(pa.Table.from_pylist(rows[::-1]), ["address_id"]).equals(found)


def listed(key: str, text: str, building: str | None, lon: float | None, lat: float | None) -> dict:
    sent = {"address_id": key, "division_code": VILLAGE, "address_text": HEAD + text, "building_id": building}
    return sent | {"lon": lon, "lat": lat, "source_crs": "cgcs2000", "_source_code": "list"}


def test_two_writings_of_a_door_are_one_address_and_its_id_stays(home):
    buildings = {"source_key": ["J1", "J2"], "building_id": ["B1", "B2"], "lon": [119.70, 119.71], "lat": [29.70, 29.71]}
    rows = [
        listed("7", "晨露里5号", "J1", 119.7001, 29.7001),
        listed("3", "晨露里5", "J1", 0.0, 0.0),
        listed("9", "晨露里6号", "J2", 119.71, 29.71),
        listed("8", "晨露里8号", None, None, None),
    ]
    villages = pa.table({"division_code": [VILLAGE], "lon": [119.7], "lat": [29.7]})

    def made(order: list[dict]) -> list[dict]:
        columns = {name: pa.array(values) for name, values in buildings.items()}
        return pa.table(entity_addresses(pa.Table.from_pylist(order), columns, villages, gazetteer("330122"))).to_pylist()

    found = {row["source_key"]: row for row in made(rows)}
    assert found.keys() == {"3", "8", "9"}
    assert all(is_valid(pa.array([row["address_id"] for row in found.values()])).to_pylist())
    assert (found["3"]["building_id"], found["3"]["position_state"], found["3"]["position_fault"]) == (
        "B1",
        "from_building",
        "null_island",
    )
    assert (found["8"]["position_state"], found["8"]["geocode_quality"], found["8"]["position_fault"]) == (
        "from_place",
        "C",
        "missing",
    )
    assert {row["address_id"] for row in made(rows[::-1])} == {row["address_id"] for row in found.values()}


def test_weights_of_an_overlap_by_area_and_by_addresses():
    """A unit grid of 10,000 m2 lies by 7,500 m2 in one grid with three of its four addresses; a strip of 0.5 m2 is no part."""
    parts = pa.table(
        {"over": ["u1", "u1", "u1", "u2"], "under": ["g1", "g2", "g3", "g1"], "area_m2": [7_500.0, 2_500.0, 0.5, 9_000.0]}
    )
    units = {"unit_grid_code": pa.array(["u1", "u2"]), "area_m2": pa.array([10_000.0, 9_000.0])}
    at = [("u1", "g1")] * 3 + [("u1", "g2"), (None, "g9"), ("u1", None)]
    addresses = {"unit_grid_code": pa.array([unit for unit, _ in at]), "grid_code": pa.array([grid for _, grid in at])}
    rows = pa.table(weighed(parts, units, addresses)).to_pylist()
    told = [(r["unit_grid_code"], r["grid_code"], r["area_weight"], r["n_addresses"], r["address_weight"]) for r in rows]
    assert told == [("u1", "g1", 0.75, 3, 0.75), ("u1", "g2", 0.25, 1, 0.25), ("u2", "g1", 1.0, 0, None)]


def test_which_columns_hold_addresses_follows_from_the_contracts():
    found = {(dataset.id, columns) for dataset, columns in address_columns()}
    assert ("population__residents", ("address_text", "division_code")) in found
    assert ("population__births", ("mother_address", None)) in found
    assert ("enterprise__tax", ("address_text", None)) in found
    assert not any(name.startswith("geography") for name, _ in found)


def test_home_is_the_county_of_most_divisions():
    assert home_of(pa.table({"division_code": ["330122", "330122001", "330109001"]})) == "330122"
    assert home_of(pa.table({"division_code": pa.array([], pa.string())})) == ""
