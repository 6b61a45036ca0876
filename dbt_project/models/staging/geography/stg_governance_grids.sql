-- One row is one governance grid.
select
    grid_code,
    division_code,
    kind,
    cast(households as bigint) as households,
    cast(officer_count as bigint) as officer_count,
    area_m2,
    (xmin + xmax) / 2 as lon,
    (ymin + ymax) / 2 as lat,
    data_origin
from {{ source('silver', 'entity__governance_grids') }}
