"""One row an enterprise: the values that survived, what follows from them, and which enterprise a branch belongs to."""

from datetime import date

import duckdb
import pyarrow as pa

from lakehouse.contracts.origin import worst_sql
from transforms.entity_resolution.enterprises.claims import CLAIMS
from transforms.entity_resolution.enterprises.departments import EMPLOYMENT, TAX
from transforms.entity_resolution.enterprises.facts import Facts, show
from transforms.entity_resolution.survivorship import survive
from transforms.entity_resolution.survivorship_rules import rules_of

DATASET = "entity__enterprises"
PARENTS = """
select m.entity_id as enterprise_id, any_value(p.entity_id) as parent_id
from (select distinct entity_id, parent_name from mentions join members using (mention_id) where parent_name is not null) m
     join bearers p on p.standard_name = m.parent_name and p.entity_id <> m.entity_id
group by 1 having count(distinct p.entity_id) = 1
"""
DAYS = """
select enterprise_id, min(event_date) filter (where event_kind = 'birth') as born_on,
       max(event_date) filter (where status_after = 'deregistered' and event_kind = 'deregistration') as deregistered_on,
       max(event_date) filter (where status_after in ('revoked', 'deregistered') and event_kind = 'revocation') as revoked_on
from life group by 1
"""
LAST_CAPITALS = """
select e.entity_id, arg_max(coalesce(c.capital_reason, ''), row(m.as_of, m.mention_id)) as capital_reason
from capitals c join mentions m using (mention_id) join members e using (mention_id) group by 1
"""
CODED = """
select _record_id || '#self' as mention_id, max(state_of) as coded_on
from (select _record_id, state_of from registrations union all select _record_id, state_of from tax) group by 1
"""
ADDRESS_COLUMNS = ("address_text", "address_id", "building_id", "grid_code", "geocode_quality")
ENTITIES = f"""
with everybody as (
  select entity_id, {worst_sql("data_origin")} as data_origin from members join mentions using (mention_id) group by 1),
coded as ({CODED}), parents as ({PARENTS}), days as ({DAYS}), last_capitals as ({LAST_CAPITALS})
select e.entity_id as enterprise_id, uscc.value as uscc, org_code9.value as org_code9, reg_no_15.value as reg_no_15,
       taxpayer_no.value as taxpayer_no, name.value as name, class.value as class_code, status.value as status_code,
       entity_type_code.value as entity_type_code, industry_code.value as industry_code,
       case when industry_code.value is not null then edition_of(o.coded_on) end as industry_edition,
       c.capital_10k, c.currency_code, c.capital_cny10k,
       case when c.mention_id is not null then c.capital_reason
            else coalesce(nullif(l.capital_reason, ''), 'not_given') end as capital_reason,
       coalesce(cast(established_on.value as date), d.born_on) as established_on, d.deregistered_on, d.revoked_on,
       {", ".join(f"ra.{c} as registered_{c}" for c in ADDRESS_COLUMNS)},
       coalesce(ra.division_code, uscc.value[3:8]) as registered_division_code, oa.division_code as operating_division_code,
       {", ".join(f"oa.{c} as operating_{c}" for c in ADDRESS_COLUMNS)},
       cast(cast(employees.value as double) as bigint) as employees,
       case when is_trading.value is not null then true when $is_trade_told then false end as is_trading,
       p.parent_id, legal_person_name.value as legal_person_name, legal_person_no.value as legal_person_no,
       lp.entity_id as legal_person_id, e.data_origin
from everybody e
     {" ".join(f"left join golden_{a} as {a} on {a}.entity_id = e.entity_id" for a in CLAIMS)}
     left join capitals c on c.mention_id = capital.mention_id left join last_capitals l on l.entity_id = e.entity_id
     left join coded o on o.mention_id = industry_code.mention_id
     left join mentions ra on ra.mention_id = registered_address.mention_id
     left join mentions oa on oa.mention_id = operating_address.mention_id
     left join mentions lm on lm.mention_id = legal_person_name.mention_id
     left join persons lp on lp.mention_id = lm.record_id || '#legal_person'
     left join days d on d.enterprise_id = e.entity_id left join parents p on p.enterprise_id = e.entity_id
order by enterprise_id
"""


def golden_records(facts: Facts, on: date) -> tuple[pa.Table, pa.Table]:
    """Rows of `entity__enterprises` as of a day, and the competing values of which they were chosen."""
    with duckdb.connect() as base:
        show(base, facts)
        survivors = survive(base, CLAIMS, rules_of("enterprises"), on, facts.decided)
        for attribute, values in survivors.golden.items():
            base.register(f"golden_{attribute}", values)
        told = {"is_trade_told": facts.has(TAX) or facts.has(EMPLOYMENT)}
        return base.sql(ENTITIES, params=told).to_arrow_table(), survivors.conflicts
