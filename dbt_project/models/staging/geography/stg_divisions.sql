-- One row is one division of the city that is in force.
select
    division_code,
    name,
    level,
    parent_code,
    urban_rural_code,
    valid_from,
    geometry,
    area_m2,
    data_origin
from {{ source('silver', 'entity__divisions') }}
where valid_to is null
