"""Events of persons' lives, each from the record that tells it, and which of them cannot be as told."""

from typing import NamedTuple

import duckdb
import pyarrow as pa


class Telling(NamedTuple):
    """How records tell an event: its kind and day (SQL over record `s` and mention `m`), once per what, and which records do."""

    dataset: str
    event: str
    day: str
    once_per: str
    where: str = "m.role = 'self'"


TELLINGS = (
    Telling("population__births", "'BIRTH'", "s.birth_at::date", "s.certificate_no"),
    Telling("population__deaths", "'DEATH'", "s.death_date", "s.record_no", "m.role = 'self' and s.issuer = 'HC'"),
    Telling("population__deaths", "'CREMATION'", "s.cremation_date", "s.record_no", "s.cremation_date is not null"),
    Telling("population__marriages", "case s.kind when '结婚' then 'MARRY' when '离婚' then 'DIVORCE' end", 's."date"',
            "s.register_no", "m.role in ('party1', 'party2')"),
    Telling("population__enrolments", "'SCHOOL_ENTRY'", "m.as_of", "s.school_code"),
    Telling("population__social_insurance", "'EMPLOY'", "s.month::date", "s.employer_uscc",
            "m.role = 'self' and s.employer_uscc is not null"),
    Telling("population__assistance", "case when m.source_code like '%dpf%' then 'DISABILITY' else 'AID_START' end",
            "s.from_date", "s.benefit_code"),
    Telling("population__assistance", "'AID_END'", "s.to_date", "s.benefit_code", "s.to_date is not null"),
)  # fmt: skip
TOLD = """
select entity_id, {event} as event, min({day}) as event_date, arg_min(m.mention_id, row({day}, m.mention_id)) as mention_id
from members join mentions m using (mention_id) join {dataset} s on s._record_id = m.record_id
where {where} group by entity_id, {event}, {once_per}
"""
REGISTER_EVENTS = """
with ordered as (
  select *, lag(status_code) over line as former, lag(is_at) over line as was_at, lag(grid_code) over line as former_grid
  from (select *, coalesce(address_id, address_text) as is_at from registered_records)
  window line as (partition by entity_id order by as_of, coalesce(status_code, ''), mention_id)),
came as (
  select o.*, g.value::date as born_on from ordered o cross join horizon left join golden_birth_date g using (entity_id)
  where former is null and o.as_of > opened_on and coalesce(status_code, '0') = '0'),
stayed as (select * from ordered where status_code = '0' and former = '0'),
left_us as (select * from ordered where status_code in ('8', '9') and former is distinct from status_code)
select entity_id, 'REGISTER' as event, as_of as event_date, mention_id from came
union all select entity_id, 'MOVE_IN', as_of, mention_id from came where born_on < as_of - interval 1 year
union all select entity_id, 'MOVE_OUT', as_of, mention_id from left_us where status_code = '8'
union all select entity_id, 'DEREGISTER', as_of, mention_id from left_us
union all select entity_id, 'MOVE_WITHIN', as_of, mention_id from stayed where was_at <> is_at
union all select entity_id, 'GRID_CHANGE', as_of, mention_id from stayed where former_grid <> grid_code
"""
JUDGED = """
with born as (select entity_id, value::date as born_on from golden_birth_date),
sexed as (select entity_id, value as sex_code from golden_sex_code),
lived as (
  select e.*, born_on, sex_code, d.death_date from events e left join born using (entity_id) left join sexed using (entity_id)
  left join (select entity_id, death_date from dead where is_dead) d using (entity_id) where e.event is not null)
select entity_id as person_id, event, event_date,
       case when event_date is null then 'no_date'
            when event_date < born_on and event <> 'BIRTH' then 'before_birth'
            when event = 'BIRTH' and event_date <> born_on then 'birth_date_differs'
            when event_date > death_date and event not in ('DEATH', 'CREMATION', 'DEREGISTER', 'AID_END') then 'after_death'
            when event = 'MARRY'
                 and event_date < born_on + to_years(case l.sex_code when '1' then age_of_men else age_of_women end)
              then 'married_too_young' end as finding,
       m.source_code, m.record_id, l.mention_id, m.data_origin
from lived l join mentions m on m.mention_id = l.mention_id cross join terms
order by person_id, event_date, event, l.mention_id
"""


def life_events(base: duckdb.DuckDBPyConnection, present: set[str]) -> pa.Table:
    """Rows of `lifecycle__persons`, by person and day. Needs registered_records, dead, terms and the golden tables.

    `finding` names the rule of order that an event breaks; the event stays, so that a steward sees both.
    """
    told = [TOLD.format(**telling._asdict()) for telling in TELLINGS if telling.dataset in present]
    base.execute(f"create or replace table events as {' union all '.join([REGISTER_EVENTS, *told])}")
    return base.sql(JUDGED).to_arrow_table()
