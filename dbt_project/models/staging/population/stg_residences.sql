-- One row is one registered address of one person, from its first day up to the day on which it no longer was.
select
    person_id,
    coalesce(left(division_code, 9), 'unknown') as township_code,
    valid_from,
    valid_to,
    data_origin
from {{ source('silver', 'bridge__person_residence') }}
where kind_code = 'registered'
