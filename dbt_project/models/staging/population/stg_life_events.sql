-- One row is one event in the life of a person, as a department told it; events that cannot be as told are left to stewards.
select distinct
    person_id,
    event,
    event_date,
    data_origin
from {{ source('silver', 'lifecycle__persons') }}
where event_date is not null and finding is null
