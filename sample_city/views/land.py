"""Statistics, natural resources, governance and urban management: divisions, boundaries, addresses, buildings, both grids."""

import json
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from shapely import MultiPolygon, Polygon, area, box, get_coordinates, get_parts, unary_union

from sample_city.datum import to_gcj02
from sample_city.defects.positions import SECOND_SUPPLIER
from sample_city.divisions import short, townships, units, urban_rural_codes
from sample_city.dwellings import BLOCK, HOUSE, SHOP, county_name, real_code
from sample_city.extract import Extract, Source, constant, coordinate_text, text_of
from sample_city.identifiers import record_numbers
from sample_city.knowledge import Office
from sample_city.outlines import as_drawn, to_degrees, unit_outlines

COUNTY, FIRST_DAY = "330122", "20030101"
CRS, SHIFTED = "cgcs2000", "gcj02"
DIGITS, DIGITS_OF_TILES = 7, 9
"""Of degrees: a centimetre; for corners of tiles on a slanting border a tenth of a millimetre, so that they lie on it."""
SUPPLIERS = ("测绘院", SECOND_SUPPLIER)
SHARE_OF_SECOND_SUPPLIER = 0.25
UNIT_GRID_EDGE_M, UNIT_GRID_SLIVER_M2 = 100.0, 2_500.0
FOOTPRINTS_M = {HOUSE: (12.0, 10.0), BLOCK: (45.0, 12.0), SHOP: (18.0, 12.0)}
HOUSEHOLDS_A_GRID = {"urban": 300, "rural": 150}
"""Governance grids hold some 300 households in communities, 150 in villages."""


def divisions(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """The list with validity as known on the day: what is in force, and what no longer is, with its successor."""
    county = office.city.stack.county
    lines = [(COUNTY, county_name(county), "3", COUNTY[:4], "", FIRST_DAY, "", "")]
    lines += [(code, name, "4", COUNTY, "", FIRST_DAY, "", "") for code, name in townships().items()]
    for unit in sorted(units(), key=lambda u: u.code):
        is_new = unit.former_share == 1 and unit.former_code != unit.code
        if is_new and unit.changed_on > day:
            continue
        began = str(unit.changed_on).replace("-", "") if is_new else FIRST_DAY
        kind = urban_rural_codes()[unit.code]
        lines.append((unit.code, unit.at(day)[1], "5", unit.township_code, kind, began, "", ""))
    for unit in (u for u in units() if u.former_share < 1):
        is_over = unit.changed_on <= day
        until, successor = (str(unit.changed_on).replace("-", ""), unit.code) if is_over else ("", "")
        lines.append((unit.former_code, unit.former_name, "5", unit.township_code, "220", FIRST_DAY, until, successor))
    listed = [(real_code(county, code), name, level, real_code(county, up), *rest) for code, name, level, up, *rest in lines]
    columns = {field: pa.array([line[i] for line in listed]) for i, field in enumerate(source.columns)}
    return Extract(source, day, columns, {"self": ("division", np.array([int(line[0]) for line in listed]))})


def outlines_at(day: np.datetime64) -> dict[tuple[str, str], Polygon | MultiPolygon]:
    """Outlines by code and name in force: units divided later are whole, one that was partly another is drawn as itself."""
    parts: dict[tuple[str, str], list[Polygon]] = {}
    for unit in sorted(units(), key=lambda u: u.code):
        parts.setdefault(unit.at(day), []).append(unit_outlines()[unit.code])
    return {unit: unary_union(shapes) for unit, shapes in sorted(parts.items())}


def _geometry(shape: Polygon | MultiPolygon, crs: str = CRS, digits: int = DIGITS) -> str:
    """GeoJSON of an outline in the named datum."""
    rings = [[_ring(get_coordinates(part.exterior), crs, digits)] for part in get_parts(shape) if part.geom_type == "Polygon"]
    of_one = {"type": "Polygon", "coordinates": rings[0]}
    return json.dumps(of_one if len(rings) == 1 else {"type": "MultiPolygon", "coordinates": rings}, separators=(",", ":"))


def _ring(points: np.ndarray, crs: str, digits: int) -> list[list[float]]:
    lon, lat = to_degrees(points[:, 0], points[:, 1])
    lon, lat = to_gcj02(lon, lat) if crs == SHIFTED else (lon, lat)
    return np.round(np.stack([lon, lat], axis=1), digits).tolist()


def boundaries(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Invented outlines of the units in force, as surveyed or, from a map supplier, in its shifted datum."""
    found = outlines_at(day)
    crs, accuracy = (SHIFTED, "10.0") if source.name.endswith(SHIFTED) else (CRS, "1.0")
    columns = {
        "division_code": pa.array([real_code(office.city.stack.county, code) for code, _ in found]),
        "name": pa.array([short(name) for _, name in found]),
        "source_crs": constant(crs, len(found)),
        "survey_date": constant(str(day - 400).replace("-", ""), len(found)),
        "accuracy_m": constant(accuracy, len(found)),
        "geometry": pa.array([_geometry(outline, crs) for outline in found.values()]),
    }
    return Extract(source, day, columns, {"self": ("division", np.array([int(code) for code, _ in found]))})


def addresses(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """All standard addresses with their positions, as two suppliers measured them."""
    found, code = office.city.addresses, office.city.first_code
    second = office.draws.chance("second_supplier", found.building_key, SHARE_OF_SECOND_SUPPLIER)
    columns = {
        "address_id": pc.binary_join_element_wise(str(code), record_numbers("addresses", found.number, 10), ""),
        "division_code": found.division_code,
        "road": found.road,
        "address_text": found.text,
        "building_id": building_ids(office, found.building_key),
        "lon": coordinate_text(found.lon),
        "lat": coordinate_text(found.lat),
        "source_crs": constant(CRS, len(found.number)),
        "supplier": pa.array(SUPPLIERS).take(pa.array(second.astype(np.int64))),
    }
    return Extract(source, day, columns, {"self": ("address", found.number)})


def building_ids(office: Office, key: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise("JZ", str(office.city.first_code), record_numbers("buildings", key, 10), "")


def buildings(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """One feature a building that an address stands in, with a rectangular footprint."""
    found, draws = office.city.addresses, office.draws
    key, first = np.unique(found.building_key, return_index=True)
    kind = found.kind[first]
    floors = np.choose(
        kind, [draws.between("floors_house", key, 1, 4), np.full(len(key), 6), draws.between("floors_shop", key, 1, 5)]
    )
    sides = np.array([FOOTPRINTS_M[k] for k in (HOUSE, BLOCK, SHOP)])[kind]
    columns = {
        "building_id": building_ids(office, key),
        "division_code": found.division_code.take(pa.array(first)),
        "floors": text_of(floors),
        "floor_area_m2": text_of((sides[:, 0] * sides[:, 1] * floors).astype(np.int64)),
        "use_code": pa.array(["11", "12", "21"]).take(pa.array(kind)),
        "height_m": text_of(3 * floors),
        "built_year": text_of(draws.between("built_year", key, 1975, 2013)),
        "legal_status": pc.if_else(pa.array(draws.chance("illegal_building", key, 0.02)), "违建", "合法"),
        "source_crs": constant(CRS, len(key)),
        "geometry": _footprints(found.x[first], found.y[first], sides),
    }
    return Extract(source, day, columns, {"self": ("building", key)})


def _footprints(x: np.ndarray, y: np.ndarray, sides: np.ndarray) -> pa.Array:
    """Rectangles along the axes as GeoJSON polygons, built as text."""
    corners = []
    for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)):
        lon, lat = to_degrees(x + dx * sides[:, 0] / 2, y + dy * sides[:, 1] / 2)
        corners.append(pc.binary_join_element_wise("[", coordinate_text(lon), ",", coordinate_text(lat), "]", ""))
    return pc.binary_join_element_wise(
        '{"type":"Polygon","coordinates":[[', pc.binary_join_element_wise(*corners, ","), "]]}", ""
    )


def grids(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Governance grids: strips of each unit's outline, as many as its households ask for."""
    city = office.city
    homes: dict[str, int] = {}
    for unit, households in zip(
        units(), np.bincount(city.addresses.unit[city.home], minlength=len(units())).tolist(), strict=True
    ):
        homes[unit.at(day)[0]] = homes.get(unit.at(day)[0], 0) + households
    lines: list[tuple[str, ...]] = []
    for (code, name), outline in outlines_at(day).items():
        kind = "urban" if name.endswith(("社区", "居委会")) else "rural"
        count = max(1, round(homes[code] / HOUSEHOLDS_A_GRID[kind]))
        here = real_code(city.stack.county, code)
        for turn, strip in enumerate(strips(outline, count)):
            households = homes[code] * (turn + 1) // count - homes[code] * turn // count
            lines.append((f"{here}{turn + 1:03d}", here, kind, str(households), "1", _geometry(strip)))
    columns = {field: pa.array([line[i] for line in lines]) for i, field in enumerate(source.columns)}
    return Extract(source, day, columns, {"self": ("grid", np.array([int(line[0]) for line in lines]))})


def strips(outline: Polygon | MultiPolygon, count: int) -> list[Polygon | MultiPolygon]:
    """Strips of equal width from west to east; together they are the outline."""
    left, bottom, right, top = outline.bounds
    edges = np.linspace(left, right, count + 1)
    return [outline.intersection(box(a, bottom, b, top)) for a, b in pairwise(edges)]


def unit_grids(office: Office, source: Source, day: np.datetime64, since: np.datetime64) -> Extract:
    """Unit grids of the communities: rows of tiles of about a hectare, from south-west to north-east."""
    found = _tiles_at(day)
    here = [real_code(office.city.stack.county, community) for community, *_ in found]
    columns = {
        "unit_grid_code": pa.array([f"{code}{number}" for code, (_, number, *_) in zip(here, found, strict=True)]),
        "community_code": pa.array(here),
        "area_m2": pa.array([size for *_, size, _ in found]),
        "source_crs": constant(CRS, len(found)),
        "geometry": pa.array([outline for *_, outline in found]),
    }
    entities = np.array([int(f"{community}{number}") for community, number, *_ in found])
    return Extract(source, day, columns, {"self": ("unit_grid", entities)})


@cache
def _tiles_at(day: np.datetime64) -> list[tuple[str, str, str, str]]:
    """Community, number, area and outline of every unit grid: the same for every city, whatever its scale and seed."""
    communities = [(code, outline) for (code, _), outline in outlines_at(day).items() if 1 <= int(code[9:]) <= 199]
    return [
        (code, f"{number:03d}", f"{tile.area:.1f}", _geometry(tile, digits=DIGITS_OF_TILES))
        for code, outline in communities
        for number, tile in enumerate(tiles(as_drawn(outline, DIGITS)), 1)
    ]


def tiles(outline: Polygon | MultiPolygon) -> list[Polygon | MultiPolygon]:
    """Pieces of about 10,000 square metres; together they are the outline. What would be a sliver belongs to the piece below."""
    left, _, right, _ = outline.bounds
    made = []
    for strip in filter(area, strips(outline, max(1, round((right - left) / UNIT_GRID_EDGE_M)))):
        west, south, east, north = strip.bounds
        edges = np.linspace(south, north, max(1, round((east - west) * (north - south) / UNIT_GRID_EDGE_M**2)) + 1)
        own = []
        for piece in filter(area, (strip.intersection(box(west, a, east, b)) for a, b in pairwise(edges))):
            is_small = own and min(piece.area, own[-1].area) < UNIT_GRID_SLIVER_M2 and own[-1].area < UNIT_GRID_EDGE_M**2
            if is_small and own[-1].touches(piece):
                own[-1] = own[-1].union(piece)
            else:
                own.append(piece)
        made += own
    return made
