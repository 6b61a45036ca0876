-- One row is one day, kind of event, township, sex and year of age: how many persons it happened to. No ids.
with

events as (
    select
        *,
        row_number() over (partition by person_id, event, trunc(event_date, 'MM') order by event_date) as place
    from {{ ref('stg_life_events') }}
    where event in ('BIRTH', 'DEATH', 'MARRY', 'DIVORCE', 'MOVE_IN', 'MOVE_OUT')
),

persons as (
    select * from {{ ref('stg_persons') }}
    where valid_to is null
)

select
    events.event_date,
    {{ date_key('events.event_date') }} as date_key,
    lower(events.event) as event_kind,
    coalesce(left(persons.division_code, 9), 'unknown') as township_code,
    coalesce(persons.sex_code, 'unknown') as sex_code,
    coalesce(cast(floor(months_between(events.event_date, persons.birth_date) / 12) as bigint), -1) as age_years,
    count(*) as persons,
    {{ worst_origin('events.data_origin') }} as data_origin
from events
inner join persons on events.person_id = persons.person_id
where events.place = 1
group by all
order by events.event_date, event_kind, township_code, sex_code, age_years
