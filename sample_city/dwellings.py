"""Standard addresses and the buildings they stand in: dwellings, vacant dwellings, business premises.

Villages have hamlets with numbered houses, communities have compounds with buildings, staircases and rooms, both have
roads with numbered premises. A place in the unit follows from the rank among the unit's addresses of the same kind,
so a larger city only adds addresses.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.divisions import Unit, short, units
from sample_city.outlines import inner_points, to_degrees
from sample_city.parameters import parameters, words
from sample_city.randomness import Draws, rank_in_groups
from sample_city.slices import Stack, units_of

HAMLETS, COMPOUNDS, ROADS = 6, 4, 3
PLACES, FIRST_ROAD = 16, 8
FLATS_A_BUILDING, FLATS_A_STAIRCASE, FLATS_A_FLOOR = 36, 12, 2
SHOPS_A_BUILDING = 4
HOUSE, BLOCK, SHOP = 0, 1, 2
"""Kinds of building: a village house, a block of flats, a commercial building."""


@dataclass(frozen=True)
class Addresses:
    """Columns of equal length, one row an address; `number` is the entity number."""

    number: np.ndarray
    unit: np.ndarray
    place: np.ndarray
    kind: np.ndarray
    house: np.ndarray
    building: np.ndarray
    staircase: np.ndarray
    room: np.ndarray
    building_key: np.ndarray
    x: np.ndarray
    y: np.ndarray
    text: pa.Array
    road: pa.Array
    division_code: pa.Array
    lon: np.ndarray
    lat: np.ndarray


@cache
def _places(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per (unit, place): name, centre in metres (2), direction of rows in radians. Units that were one in 2014 share no name."""
    draws, found = Draws(seed), units()
    names = np.full((len(found), PLACES), "", dtype=object)
    centres = np.zeros((len(found), PLACES, 2))
    lists = words("places")
    members: dict[str, int] = {}
    for i, unit in enumerate(found):
        family = unit.former_code if unit.former_share == 1 else unit.code
        turn = members[family] = members.get(family, -1) + 1
        homes = (lists["compounds"], COMPOUNDS) if unit.is_community else (lists["hamlets"], HAMLETS)
        for start, (choice, count) in ((0, homes), (FIRST_ROAD, (lists["roads"], ROADS))):
            order = np.argsort(draws.bits(f"place_names_{start}_{family}", np.arange(len(choice))))
            names[i, start : start + count] = [choice[k] for k in order[turn * count : (turn + 1) * count]]
        centres[i] = _centres(draws, unit, i)
    angles = draws.uniform("place_angles", np.arange(len(found) * PLACES)).reshape(len(found), PLACES) * np.pi
    return names, centres, angles


def _centres(draws: Draws, unit: Unit, i: int) -> np.ndarray:
    """Centres of a unit's places, spread over its inside; (PLACES, 2)."""
    numbers = i * 1_000 + np.arange(400)
    candidates = np.stack([draws.uniform("centre_x", numbers), draws.uniform("centre_y", numbers)], axis=1)
    used = [*range(COMPOUNDS if unit.is_community else HAMLETS), *range(FIRST_ROAD, FIRST_ROAD + ROADS)]
    points = inner_points(unit, candidates, 220 if unit.is_community else 280, len(used))
    centres = np.zeros((PLACES, 2))
    centres[used] = points
    return centres


def build_addresses(draws: Draws, stack: Stack, day: np.datetime64) -> Addresses:
    """All addresses of a county as written on a day, in order of their entity numbers."""
    counts = parameters().slice
    homes = counts.households + counts.vacant_dwellings
    unit = np.hstack([units_of(stack, n) for n in (counts.households, counts.vacant_dwellings, counts.business_premises)])
    is_shop = np.tile(np.arange(counts.addresses) >= homes, (stack.count, 1))
    number, unit, is_shop = stack.numbers(counts.addresses).ravel(), unit.ravel(), is_shop.ravel()
    in_community = np.array([u.is_community for u in units()])[unit]
    rank = rank_in_groups(is_shop, unit)
    kind = np.where(is_shop, SHOP, np.where(in_community, BLOCK, HOUSE))
    places = np.choose(kind, [HAMLETS, COMPOUNDS, ROADS])
    place, within = rank % places + np.where(is_shop, FIRST_ROAD, 0), rank // places
    building, flat = np.divmod(within, FLATS_A_BUILDING)
    staircase, in_staircase = np.divmod(flat, FLATS_A_STAIRCASE)
    floor, side = np.divmod(in_staircase, FLATS_A_FLOOR)
    block = np.choose(kind, [within, building, within // SHOPS_A_BUILDING])
    x, y = _position(draws.seed, unit, place, kind, block)
    parts = {"number": number, "unit": unit, "place": place, "kind": kind, "house": within + 1, "building": building + 1}
    parts |= {"staircase": staircase + 1, "room": (floor + 1) * 100 + side + 1, "x": x, "y": y}
    parts["building_key"] = ((stack.county * len(units()) + unit) * PLACES + place) * 4096 + block
    lon, lat = to_degrees(x, y)
    return Addresses(**parts, **_texts(draws.seed, stack.county, day, parts), lon=np.round(lon, 7), lat=np.round(lat, 7))


def _position(
    seed: int, unit: np.ndarray, place: np.ndarray, kind: np.ndarray, block: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Centres of buildings in metres: rows of houses, blocks and shops around the place's centre, turned by its direction."""
    _, centres, angles = _places(seed)
    a_row, wide, deep = (np.choose(kind, c) for c in ([20, 4, 12], [20.0, 60.0, 25.0], [30.0, 40.0, 40.0]))
    row, column = np.divmod(block, a_row)
    across, along = (column - (a_row - 1) / 2) * wide, (row - 2.5) * deep
    angle = angles[unit, place]
    centre = centres[unit, place]
    x = centre[:, 0] + across * np.cos(angle) - along * np.sin(angle)
    return x, centre[:, 1] + across * np.sin(angle) + along * np.cos(angle)


def county_name(county: int) -> str:
    """The first county carries the real name, further ones say that they are copies."""
    return parameters().county["name"] + (f"副本{county}" if county else "")


def real_code(county: int, code: str) -> str:
    """Division codes of the first county are the real ones; copies carry their synthetic county code."""
    return code if county == 0 else f"{parameters().county['first_synthetic_code'] + county}{code[6:]}"


def _unit_at(unit: Unit, place: int, day: np.datetime64) -> tuple[str, str]:
    """Code and name on a day of a place of a unit of 2023; a former unit held the first places of each kind."""
    if place >= FIRST_ROAD:
        return unit.part_at(day, (place - FIRST_ROAD) / ROADS)
    return unit.part_at(day, place / (COMPOUNDS if unit.is_community else HAMLETS))


@cache
def _prefixes(seed: int, county: int, day: np.datetime64) -> tuple[list[str], list[str], list[str]]:
    """Per (unit, place), flattened: the address down to the place, the road's or place's name, the division code in force."""
    names, _, _ = _places(seed)
    head = f"{parameters().county['province_name']}{parameters().county['city_name']}{county_name(county)}"
    texts, roads, codes = [], [], []
    for i, unit in enumerate(units()):
        for place in range(PLACES):
            code, name = _unit_at(unit, place, day)
            texts.append(f"{head}{unit.township_name}{short(name)}{names[i, place]}")
            roads.append(names[i, place])
            codes.append(real_code(county, code))
    return texts, roads, codes


def _texts(seed: int, county: int, day: np.datetime64, parts: dict[str, np.ndarray]) -> dict[str, pa.Array]:
    texts, roads, codes = (pa.array(values) for values in _prefixes(seed, county, day))
    row = pa.array(parts["unit"] * PLACES + parts["place"])
    prefix = texts.take(row)
    house, building, staircase, room = (
        pc.cast(pa.array(parts[n]), pa.string()) for n in ("house", "building", "staircase", "room")
    )
    numbered = pc.binary_join_element_wise(prefix, house, "号", "")
    flat = pc.binary_join_element_wise(prefix, building, "幢", staircase, "单元", room, "室", "")
    text = pc.if_else(pa.array(parts["kind"] == BLOCK), flat, numbered)
    return {"text": text, "road": roads.take(row), "division_code": codes.take(row)}
