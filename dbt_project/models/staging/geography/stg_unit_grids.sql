-- One row is one unit grid.
select
    unit_grid_code,
    community_code,
    area_m2,
    (xmin + xmax) / 2 as lon,
    (ymin + ymax) / 2 as lat,
    is_surveyed,
    data_origin
from {{ source('silver', 'entity__unit_grids') }}
