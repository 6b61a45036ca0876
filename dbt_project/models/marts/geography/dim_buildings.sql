-- One row is one building: the survey's, and of maps what the survey has not.
select
    building_id,
    source_code,
    division_code,
    left(division_code, 9) as township_code,
    use_code,
    floors,
    floor_area_m2,
    round(st_areaspheroid(st_geomfromwkb(geometry)), 1) as footprint_m2,
    height_m,
    built_year,
    round(lon, 6) as lon,
    round(lat, 6) as lat,
    grid_code,
    unit_grid_code,
    data_origin
from {{ ref('stg_buildings') }}
order by building_id
