-- One row is one building that lies where its source says.
select
    building_id,
    source_code,
    division_code,
    use_code,
    cast(floors as bigint) as floors,
    floor_area_m2,
    height_m,
    cast(built_year as bigint) as built_year,
    lon,
    lat,
    geometry,
    grid_code,
    unit_grid_code,
    data_origin
from {{ source('silver', 'entity__buildings') }}
where position_fault is null or position_fault = 'axes_swapped'
