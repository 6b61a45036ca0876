-- One row is one person who is entered in a township's register or struck off it on one day, and why.
with

residences as (
    select
        *,
        min(valid_from) over () as first_day,
        lag(valid_to) over (partition by person_id order by valid_from, township_code) as left_before,
        lead(valid_from) over (partition by person_id order by valid_from, township_code) as entered_next
    from {{ ref('stg_residences') }}
),

deaths as (
    select distinct person_id
    from {{ ref('stg_persons') }}
    where is_dead and valid_to is null
),

moves as (
    select distinct
        person_id,
        event,
        event_date
    from {{ ref('stg_life_events') }}
    where event in ('MOVE_IN', 'MOVE_OUT')
)

select
    residences.township_code,
    residences.valid_from as changed_on,
    case
        when residences.left_before = residences.valid_from then 'moved_here'
        when moves.person_id is not null then 'moved_in'
        else 'born'
    end as reason,
    1 as change,
    residences.data_origin
from residences
left join moves
    on residences.person_id = moves.person_id and residences.valid_from = moves.event_date and moves.event = 'MOVE_IN'
where residences.valid_from > residences.first_day
union all
select
    residences.township_code,
    residences.valid_to as changed_on,
    case
        when residences.entered_next = residences.valid_to then 'moved_away'
        when moves.person_id is not null then 'moved_out'
        when deaths.person_id is not null then 'died'
        else 'struck_off'
    end as reason,
    -1 as change,
    residences.data_origin
from residences
left join moves
    on residences.person_id = moves.person_id and residences.valid_to = moves.event_date and moves.event = 'MOVE_OUT'
left join deaths on residences.person_id = deaths.person_id
where residences.valid_to is not null
