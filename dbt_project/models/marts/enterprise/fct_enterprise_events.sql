-- One row is one event in the life of an enterprise: birth, change, move, revocation, deregistration.
with

events as (
    select * from {{ ref('stg_enterprise_events') }}
),

enterprises as (
    select * from {{ ref('stg_enterprises') }}
)

select
    events.enterprise_id,
    events.turn,
    events.event_kind,
    events.event_date,
    {{ date_key('events.event_date') }} as date_key,
    enterprises.class_code,
    enterprises.industry_section,
    enterprises.township_code,
    events.data_origin
from events
inner join enterprises on events.enterprise_id = enterprises.enterprise_id
order by events.event_date, events.enterprise_id, events.turn
