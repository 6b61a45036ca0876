-- One row is one person in one period of validity; no name, no number.
select
    person_id,
    valid_from,
    valid_to,
    sex_code,
    birth_date,
    is_dead,
    is_registered,
    is_usual_resident,
    residency_kind,
    coalesce(usual_division_code, registered_division_code) as division_code,
    coalesce(usual_grid_code, registered_grid_code) as grid_code,
    data_origin
from {{ source('silver', 'entity__persons') }}
