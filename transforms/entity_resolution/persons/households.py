"""Households of the police register, who belongs to them from when to when, and where persons are registered and live."""

import duckdb
import pyarrow as pa

from transforms.entity_resolution.mint import mint
from transforms.entity_resolution.persons.registration import periods

MEMBERSHIPS = """
select entity_id as person_id, h.household_id, p.carried.relation_code as relation_code, p.valid_from, p.valid_to, e.data_origin
from ({periods}) p join household_ids h on h.household_no = p.value join everybody e using (entity_id)
order by person_id, valid_from, household_id
"""
HOUSEHOLDS = """
select h.household_id, h.household_no, min(m.person_id) filter (where m.relation_code = '02') as head_id,
       case when head_id is not null then 'family' end as kind_code, count(m.person_id) as members,
       {places},
       min(a.valid_from) as valid_from, case when count(m.person_id) = 0 then max(a.valid_to) end as valid_to,
       max(a.data_origin) as data_origin
from {ids} h join {memberships} a using (household_id)
left join {memberships} m on m.household_id = a.household_id and m.person_id = a.person_id and m.valid_from = a.valid_from
     and m.valid_to is null
left join {persons} p on p.person_id = m.person_id
group by h.household_id, h.household_no order by h.household_id
"""
PLACES = ("address_id", "building_id", "division_code", "grid_code")
PLACE = "list_aggregate(list_sort(list(p.registered_{0})), 'mode') as {0}"
"""Where most members are registered; of several such places the first in order."""
AROUND = """
create table households_touched as
select distinct household_id from stored_memberships semi join touched on person_id = entity_id
union select household_id from memberships;
create table ids_around as
select household_id, household_no from stored_households semi join households_touched using (household_id)
union select household_id, household_no from household_ids semi join households_touched using (household_id);
create table memberships_around as
select * from stored_memberships anti join touched on person_id = entity_id semi join households_touched using (household_id)
union all by name from memberships;
create table persons_around as
select person_id, {places} from stored_persons semi join memberships_around using (person_id)
anti join touched on person_id = entity_id where valid_to is null
union all select person_id, {places} from persons;
"""
"""All members of the households that touched persons belong to or belonged to."""
RESIDENCES = """
with registered as (
  select entity_id, 'registered' as kind_code, p.carried.address_text as address_text, p.carried.address_id as address_id,
         p.carried.building_id as building_id, p.carried.division_code as division_code, p.carried.grid_code as grid_code,
         p.valid_from, p.valid_to, 'PSB' as source from ({periods}) p),
usual as (
  select p.person_id as entity_id, 'usual', p.usual_address_text, p.usual_address_id, p.usual_building_id, p.usual_division_code,
         p.usual_grid_code, coalesce(case when g.source = 'PSB_floating' then p.residing_since end, g.as_of), null::date, g.source
  from persons p join golden_usual_address g on g.entity_id = p.person_id
  where p.usual_address_text is not null and not p.is_dead)
select r.entity_id as person_id, r.* exclude (entity_id), e.data_origin
from (from registered union all from usual) r join everybody e using (entity_id)
order by person_id, kind_code, valid_from, address_text
"""


def memberships(base: duckdb.DuckDBPyConnection, key: bytes) -> pa.Table:
    """Rows of `bridge__person_household`; makes the tables `household_ids` and `memberships`.

    The id of a household is minted from the police register's number of it, which never changes hands.
    """
    numbers = base.sql(
        "select distinct household_no from registered_records where household_no is not null order by 1"
    ).to_arrow_table()
    ids = mint("households", (("PSB", number) for number in numbers["household_no"].to_pylist()), set(), key)
    base.register("household_ids", numbers.append_column("household_id", pa.array(ids, pa.string())))
    found = base.sql(MEMBERSHIPS.format(periods=periods("household_no", "relation_code"))).to_arrow_table()
    base.register("memberships", found)
    return found


def households(base: duckdb.DuckDBPyConnection, among: str = "") -> pa.Table:
    """Rows of `entity__households` from memberships and the table `persons`; `among`: what the names of these tables end in."""
    tables = {
        "ids": f"ids{among}" if among else "household_ids",
        "memberships": f"memberships{among}",
        "persons": f"persons{among}",
    }
    return base.sql(HOUSEHOLDS.format(places=", ".join(map(PLACE.format, PLACES)), **tables)).to_arrow_table()


def households_of_touched(base: duckdb.DuckDBPyConnection) -> tuple[pa.Table, pa.Table]:
    """household_id of the households that touched persons belong to or belonged to, and their rows, from what is stored of all
    other members. Needs stored_memberships, stored_households, stored_persons, touched."""
    base.execute(AROUND.format(places=", ".join(f"registered_{name}" for name in PLACES)))
    return base.sql("from households_touched").to_arrow_table(), households(base, "_around")


def residences(base: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of `bridge__person_residence`: registered addresses with their periods, and where persons live now."""
    place = ("address_text", "address_id", "building_id", "division_code", "grid_code")
    return base.sql(RESIDENCES.format(periods=periods("coalesce(address_id, address_text)", *place))).to_arrow_table()
