-- One row is one direction of one road segment that lies where its source says.
select
    segment_id,
    direction,
    name,
    class_code,
    cast(lanes as bigint) as lanes,
    free_speed_kmh,
    length_m,
    geometry,
    data_origin
from {{ source('silver', 'entity__road_segments') }}
where position_fault is null or position_fault = 'axes_swapped'
