"""Who is dead, by whose word: a medical certificate alone, or two of the others where there is none."""

import duckdb

EVIDENCE = """
create or replace table death_evidence as
select entity_id, 'HC' as source, d.death_date, m.source_code, m.mention_id, m.as_of
from members join mentions m using (mention_id) join {deaths} d on m.record_id = d._record_id
where m.role = 'self' and d.issuer = 'HC'
union all
select entity_id, 'CA', d.death_date, m.source_code, m.mention_id, m.as_of
from members join mentions m using (mention_id) join {deaths} d on m.record_id = d._record_id
where m.role = 'self' and d.issuer = 'CA'
union all
select entity_id, 'PSB', null, m.source_code, m.mention_id, m.as_of from registered_records m where m.status_code = '9'
union all
select entity_id, 'HSA', null, m.source_code, m.mention_id, m.as_of
from members join mentions m using (mention_id) join {insurance} i on m.record_id = i._record_id
where m.role = 'self' and i.status_code = '0'
"""
DEAD = """
create or replace table dead as
select entity_id, bool_or(source = 'HC') or count(distinct source) >= any_value(deaths_agree) as is_dead,
       coalesce(min(death_date) filter (where source = 'HC'), min(death_date) filter (where source = 'CA')) as death_date
from death_evidence, terms group by entity_id
"""
CONFLICTS = """
select e.entity_id, 'is_dead' as attribute, 'death_unconfirmed' as kind, e.source, e.source_code, e.mention_id,
       coalesce(e.death_date, e.as_of)::varchar as value, e.as_of, false as is_chosen, 'deaths_agree' as rule, true as is_open
from death_evidence e join dead d using (entity_id) where not d.is_dead
union all by name
select x.entity_id, 'is_dead' as attribute, 'insured_after_death' as kind, 'HSA' as source, m.source_code, m.mention_id,
       i.month::varchar as value, m.as_of, false as is_chosen, 'no_insurance_after_death' as rule, true as is_open
from dead d join members x using (entity_id) join mentions m using (mention_id) join {insurance} i on m.record_id = i._record_id
where d.is_dead and m.role = 'self' and i.status_code = '1' and i.month::date > last_day(d.death_date)
"""
NOBODY = {
    "population__deaths": "(select null::varchar as _record_id, null::varchar as issuer, null::date as death_date where false)",
    "population__social_insurance": "(select null::varchar as _record_id, null::varchar as status_code, null::date as month"
    " where false)",
}


def judge(base: duckdb.DuckDBPyConnection, present: set[str]) -> None:
    """Make the tables `death_evidence` and `dead` (entity_id, is_dead, death_date) from members, mentions and silver."""
    base.execute(EVIDENCE.format(**_sources(present)))
    base.execute(DEAD)


def conflicts(present: set[str]) -> str:
    """Query for what contradicts: deaths on one word alone, insurance that runs on in the months after."""
    return CONFLICTS.format(**_sources(present))


def _sources(present: set[str]) -> dict[str, str]:
    return {name.partition("__")[2].removeprefix("social_"): name if name in present else NOBODY[name] for name in NOBODY}
