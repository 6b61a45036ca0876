"""Standard addresses: one row per door, with the position put right and an id that stays."""
# pyright: reportAttributeAccessIssue=false

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.conform.gazetteer import Gazetteer
from transforms.spatial import positions
from transforms.spatial.buildings import ids_of, middle_of
from transforms.spatial.geocode import read
from transforms.spatial.positions import Evidence

QUALITY = {**dict.fromkeys((*positions.READINGS, "from_building"), "A"), "from_place": "C", "from_village": "D", "none": "E"}
PLACES = """
with middles as (
    select division_code, place, median(lon) as lon, median(lat) as lat from doors where lon is not null group by all)
select m.lon, m.lat from doors d left join middles m on d.division_code = m.division_code and d.place = m.place
order by d.row
"""


def entity_addresses(addresses: pa.Table, buildings: dict[str, pa.Array], villages: pa.Table, places: Gazetteer) -> dict:
    """Columns of `entity__addresses`, but for the grids; of several rows about one door the one with the smallest key stays.

    `addresses`: the newest rows of the list; `villages`: (division_code, lon, lat), a point inside each.
    """
    said = read(addresses["address_text"], places)
    doors = _one_per_door(addresses, said)
    addresses, said = addresses.take(doors), said.take(doors)
    lon, lat, building_id = middle_of(addresses["building_id"], buildings)
    found, fault = _positions(addresses, said["place"], Evidence("building", lon, lat), villages)
    return {
        "address_id": pa.array(ids_of("addresses", addresses["_source_code"], addresses["address_id"]), pa.string()),
        "source_code": addresses["_source_code"],
        "source_key": addresses["address_id"],
        **{name: addresses[name] for name in ("division_code", "address_text")},
        "place": said["place"],
        "building_id": building_id,
        "lon": pa.array(found.lon, from_pandas=True),
        "lat": pa.array(found.lat, from_pandas=True),
        "geocode_quality": pa.array([QUALITY[state] for state in found.state], pa.string()),
        "position_state": pa.array(found.state, pa.string()),
        "position_fault": pa.array(fault, pa.string()),
        "position_moved_m": pa.array(found.moved_m, from_pandas=True),
    }


def _one_per_door(addresses: pa.Table, said: pa.Table) -> pa.Array:
    """Rows that stay, in order: the first of each door by the source's key; a row without a door is one of its own."""
    village = pc.coalesce(addresses["division_code"], said["said_code"])
    door = pc.coalesce(pc.binary_join_element_wise(village, said["door"], "|"), addresses["address_id"])
    order = pc.sort_indices(pa.table({"key": addresses["address_id"]}), [("key", "ascending")])
    ranked = pa.table({"door": pc.take(door, order), "rank": pa.array(np.arange(len(order)))})
    first = ranked.group_by("door").aggregate([("rank", "min")])["rank_min"]
    return pc.take(order, pc.take(first, pc.sort_indices(first)))


def _positions(
    addresses: pa.Table, place: pa.ChunkedArray, building: Evidence, villages: pa.Table
) -> tuple[positions.Positions, np.ndarray]:
    """Where the rows lie, and what was wrong with where they were said to lie."""
    lon, lat = (np.asarray(addresses[name].to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    crs = addresses["source_crs"].to_numpy(zero_copy_only=False)
    names = pc.fill_null(addresses["building_id"], "").to_numpy(zero_copy_only=False)
    at = pc.index_in(addresses["division_code"], value_set=villages["division_code"].combine_chunks())
    inside = [np.asarray(pc.take(villages[name], at).to_numpy(zero_copy_only=False), float) for name in ("lon", "lat")]
    around = Evidence("place", *_middles_of_places(addresses["division_code"], place, building))
    evidence, is_snapped = [building, around, Evidence("village", *inside)], positions.snapped(lon, lat, names)
    found = positions.corrected(lon, lat, crs, is_snapped, evidence)
    return found, positions.faults(lon, lat, found.state, is_snapped, evidence)


def _middles_of_places(division: pa.ChunkedArray, place: pa.ChunkedArray, building: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """The median of the buildings of each row's road or hamlet; not-a-number where none is known."""
    columns = {"division_code": division, "place": place, "row": pa.array(np.arange(len(place)))}
    known = {"lon": pa.array(building.lon, from_pandas=True), "lat": pa.array(building.lat, from_pandas=True)}
    with duckdb.connect() as connection:
        connection.register("doors", pa.table(columns | known))
        middles = connection.sql(PLACES).to_arrow_table()
    lon, lat = (np.asarray(middles[name].to_numpy(zero_copy_only=False), float) for name in ("lon", "lat"))
    return lon, lat
