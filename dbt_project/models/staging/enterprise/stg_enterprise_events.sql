-- One row is one event in the life of an enterprise.
select
    enterprise_id,
    cast(turn as bigint) as turn,
    event_kind,
    event_date,
    data_origin
from {{ source('silver', 'lifecycle__enterprises') }}
where event_date is not null
