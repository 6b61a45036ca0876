-- One row is one unit grid: a tile of about 10,000 square metres of the built-up area.
select
    unit_grid_code,
    community_code,
    left(community_code, 9) as township_code,
    cast(round(area_m2, 1) as double) as area_m2,
    round(lon, 6) as lon,
    round(lat, 6) as lat,
    is_surveyed,
    data_origin
from {{ ref('stg_unit_grids') }}
order by unit_grid_code
