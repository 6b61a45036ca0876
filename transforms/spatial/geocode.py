"""Which door, building and division an address means, and how surely: quality A (door) to E (township).

A door is found by its key within the village that the text names, else within the village that the department sent, else
within the township or county by the village's name as written, where only one door bears it. A house number that is not on
the list lies between its neighbours (B); without one the road, hamlet or estate stands (C), then the village (D).
"""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from transforms.conform.addresses import parse_addresses
from transforms.conform.door_keys import door_keys
from transforms.conform.gazetteer import Gazetteer

KEYS = """
create temp table keys as
with doors as (
    select *, substr(division_code, 1, 9) as town, substr(division_code, 1, 6) as county,
        if(length(said_code) = 12, village || door, door) as by_name
    from listed),
borne as (
    select division_code || '|' || door as key, row from doors
    union all select said_code || '|' || door, row from doors
    union all select town || '|' || by_name, row from doors
    union all select county || '|' || by_name, row from doors
    union all select town || '|' || door, row from doors
    union all select county || '|' || door, row from doors)
select key, any_value(row) as row from borne where key is not null group by key having count(distinct row) = 1
"""
FOUND = """
create temp table found as
with wanted as (
    select i, door, said_code, division_hint, village,
        if(length(said_code) = 12, said_code, null) as said_village,
        if(length(said_code) = 12, null, door) as by_name
    from texts),
tries as (
    select i, 1 as turn, 'door' as method, said_village || '|' || door as key from wanted
    union all select i, 2, 'door_in_sent_village', division_hint || '|' || by_name from wanted where village is null
    union all select i, 3, 'door_in_sent_township', substr(division_hint, 1, 9) || '|' || by_name from wanted
    union all select i, 4, 'door_in_township', said_code || '|' || by_name from wanted where length(said_code) = 9
    union all select i, 5, 'door_in_county', substr(said_code, 1, 6) || '|' || by_name from wanted)
select i, arg_min(row, turn) as row, arg_min(method, turn) as method from tries join keys using (key) group by i
"""
PLACES = """
create temp table numbers as
select division_code, place, number, avg(lon) as lon, avg(lat) as lat from listed where number is not null group by all;
create temp table places as
select division_code, place, median(lon) as lon, median(lat) as lat from listed where place is not null group by all;
create temp table wanted as
select texts.*, coalesce(if(length(said_code) = 12, said_code, null), if(village is null, division_hint, null)) as in_village
from texts
"""
PLACED = """
with between_numbers as (
    select w.i, low.lon + (high.lon - low.lon) * share as lon, low.lat + (high.lat - low.lat) * share as lat
    from wanted w
    asof join numbers low on w.in_village = low.division_code and w.place = low.place and w.number >= low.number
    asof join numbers high on w.in_village = high.division_code and w.place = high.place and w.number <= high.number
    cross join lateral (select if(high.number = low.number, 0, (w.number - low.number) / (high.number - low.number)) as share))
select
    w.address_text, w.division_hint, d.address_id, d.building_id,
    coalesce(d.division_code, w.in_village, w.said_code, w.division_hint) as division_code,
    coalesce(d.lon, b.lon, p.lon, v.lon) as lon, coalesce(d.lat, b.lat, p.lat, v.lat) as lat,
    case when d.row is not null then 'A' when b.i is not null then 'B' when p.place is not null then 'C'
        when v.division_code is not null then 'D' when length(coalesce(w.said_code, w.division_hint)) >= 6 then 'E' end
        as geocode_quality,
    case geocode_quality when 'A' then f.method when 'B' then 'between_numbers' when 'C' then 'place' when 'D' then 'village'
        when 'E' then 'division' else 'none' end as method
from wanted w
left join found f using (i)
left join listed d on f.row = d.row
left join between_numbers b on w.i = b.i
left join places p on w.in_village = p.division_code and w.place = p.place
left join villages v on w.in_village = v.division_code
order by w.i
"""


def read(texts: pa.ChunkedArray | pa.Array, places: Gazetteer) -> pa.Table:
    """Address texts -> `said_code` (2 to 12 digits), `village` as written, `door`, `place`, `number`; null for none."""
    parts = parse_addresses(texts, places=places)
    doors = door_keys(parts)
    named = {"said_code": parts["division_code"], "village": parts["village"]}
    return pa.table(named | {name: doors[name] for name in doors.column_names})


def geocode(texts: pa.Table, addresses: pa.Table, villages: pa.Table, places: Gazetteer) -> pa.Table:
    """Table (address_text, division_hint) -> the same rows with address_id, building_id, division_code, lon, lat,
    geocode_quality and method.

    `addresses`: the list's doors (address_id, building_id, division_code, address_text, lon, lat); `villages`: a point inside
    each (division_code, lon, lat). lon and lat are null at quality E and where nothing was understood (quality null).
    """
    with duckdb.connect() as connection:
        connection.register("listed", _numbered(addresses, "row", read(addresses["address_text"], places)))
        connection.register("texts", _numbered(texts, "i", read(texts["address_text"], places)))
        connection.register("villages", villages)
        for statement in (KEYS, FOUND, PLACES):
            connection.execute(statement)
        return connection.sql(PLACED).to_arrow_table()


def _numbered(rows: pa.Table, name: str, said: pa.Table) -> pa.Table:
    numbers = pa.array(range(rows.num_rows), pa.int64())
    columns = {c: rows[c] for c in rows.column_names} | {c: said[c] for c in said.column_names}
    return pa.table({name: numbers, **columns})


def different(texts: pa.Table) -> pa.Table:
    """The distinct rows (address_text, division_hint) that say something, in order."""
    said = texts.filter(pc.greater(pc.utf8_length(pc.fill_null(texts["address_text"], "")), 0))
    order = [("address_text", "ascending"), ("division_hint", "ascending")]
    return said.group_by(["address_text", "division_hint"]).aggregate([]).sort_by(order)
