"""What the police register says of a person over time: who is registered, in which household, at which address."""

import duckdb

RECORDS = """
create or replace table registered_records as
select x.entity_id, m.* from members x join mentions m using (mention_id)
where m.dataset = 'population__residents' and m.role = 'self'
"""
HORIZON = """
create or replace table horizon as
select min(as_of) filter (is_full) as opened_on, max(as_of) filter (is_full) as last_full_on,
       max(as_of) filter (dataset = 'population__floating') as last_floating_on,
       list(distinct substr(coalesce(division_sent, division_code), 1, 6) order by 1)
         filter (dataset = 'population__residents' and role = 'self' and status_code = '0') as home
from (select *, dataset = 'population__residents' and role = 'self' and source_code like '%full' as is_full from {told})
"""
REGISTERED = """
create or replace table registered as
select *, latest.status_code = '0'
          and last_on >= coalesce((select last_full_on from horizon), last_on) as is_registered
from (
  select entity_id, min(as_of) as first_on, max(as_of) as last_on,
         arg_max({'mention_id': mention_id, 'status_code': status_code, 'household_no': household_no,
                  'relation_code': relation_code, 'address_text': address_text, 'address_id': address_id,
                  'building_id': building_id, 'division_code': division_code, 'grid_code': grid_code,
                  'division_sent': division_sent}, row(as_of, coalesce(status_code, ''), mention_id)) as latest
  from registered_records group by entity_id)
"""
PERIODS = """
with said as (
  select entity_id, as_of, {value} as value, {carried}, coalesce(status_code, '0') <> '0' as is_struck, mention_id
  from registered_records where {value} is not null),
days as (
  select entity_id, as_of, arg_max(row(value, carried, is_struck), row(is_struck, mention_id)) as it
  from (select entity_id, as_of, value, is_struck, mention_id, {{{names}}} as carried from said) group by entity_id, as_of),
steps as (
  select *, it[1] is distinct from lag(it[1]) over line or coalesce(lag(it[3]) over line, false) as is_step
  from days window line as (partition by entity_id order by as_of)),
numbered as (select *, sum(is_step::int) over (partition by entity_id order by as_of) as turn from steps),
turns as (
  select entity_id, turn, min(as_of) as valid_from, max(as_of) as last_on, bool_or(it[3]) as is_struck,
         max(as_of) filter (where it[3]) as struck_on, arg_max(it, as_of) as it from numbered group by entity_id, turn),
followed as (select *, lead(valid_from) over (partition by entity_id order by turn) as next_from from turns)
select f.entity_id, it[1] as value, it[2] as carried, valid_from,
       case when is_struck then struck_on when next_from is not null then next_from
            when not r.is_registered then f.last_on end as valid_to
from followed f join registered r using (entity_id) where not (is_struck and valid_from = struck_on and turn > 1)
"""


def look_around(base: duckdb.DuckDBPyConnection, told: str = "mentions") -> tuple:
    """Make the table `horizon` of all mentions: the days of the first and the last full extract and of the last list of the
    floating population, and the counties that the police register is of. Returns its row."""
    base.execute(HORIZON.format(told=told))
    return base.sql("from horizon").fetchall()[0]


def read(base: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `registered_records` and `registered` (entity_id, last record, first and last day, is_registered) of
    `members`, `mentions` and `horizon`.

    Registered is whose last record says so, unless a full extract came later that no longer names the person.
    """
    base.execute(RECORDS)
    base.execute(REGISTERED)


def periods(value: str, *carried: str) -> str:
    """Query for the periods in which a person's record said one thing: entity_id, value, carried, valid_from, valid_to.

    A period begins on the first day that an extract said so and ends when the next begins, or on the day the person was
    struck off, or with the last extract that named the person.
    """
    return PERIODS.format(value=value, carried=", ".join(carried), names=", ".join(f"'{c}': {c}" for c in carried))
