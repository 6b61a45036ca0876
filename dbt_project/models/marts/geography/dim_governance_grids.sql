-- One row is one governance grid: the area of one grid officer or more.
select
    grid_code,
    division_code,
    left(division_code, 9) as township_code,
    kind,
    households,
    officer_count,
    cast(round(area_m2, 1) as double) as area_m2,
    round(lon, 6) as lon,
    round(lat, 6) as lat,
    data_origin
from {{ ref('stg_governance_grids') }}
order by grid_code
