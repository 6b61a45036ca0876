-- One row is one service point that lies where its source says.
select
    service_point_id,
    name,
    class_code,
    street,
    house_number,
    lon,
    lat,
    grid_code,
    unit_grid_code,
    data_origin
from {{ source('silver', 'entity__service_points') }}
where position_fault is null or position_fault = 'axes_swapped'
