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
select h.household_id, h.household_no, any_value(m.person_id) filter (where m.relation_code = '02') as head_id,
       case when head_id is not null then 'family' end as kind_code, count(m.person_id) as members,
       mode(p.registered_address_id) as address_id, mode(p.registered_building_id) as building_id,
       mode(p.registered_division_code) as division_code, mode(p.registered_grid_code) as grid_code,
       min(a.valid_from) as valid_from, case when count(m.person_id) = 0 then max(a.valid_to) end as valid_to,
       max(a.data_origin) as data_origin
from household_ids h join memberships a using (household_id)
left join memberships m on m.household_id = a.household_id and m.person_id = a.person_id and m.valid_from = a.valid_from
     and m.valid_to is null
left join persons p on p.person_id = m.person_id
group by h.household_id, h.household_no order by h.household_id
"""
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


def households(base: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of `entity__households` from memberships and the table `persons`."""
    return base.sql(HOUSEHOLDS).to_arrow_table()


def residences(base: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of `bridge__person_residence`: registered addresses with their periods, and where persons live now."""
    place = ("address_text", "address_id", "building_id", "division_code", "grid_code")
    return base.sql(RESIDENCES.format(periods=periods("coalesce(address_id, address_text)", *place))).to_arrow_table()
