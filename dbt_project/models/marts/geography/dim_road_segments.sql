-- One row is one direction of one road segment: a stretch between two junctions.
with

segments as (
    select * from {{ ref('stg_road_segments') }}
),

classes as (
    select * from {{ ref('stg_road_classes') }}
)

select
    segments.segment_id,
    segments.direction,
    segments.name,
    segments.class_code,
    classes.name_zh as class_zh,
    classes.name_en as class_en,
    classes.is_for_cars,
    segments.lanes,
    segments.free_speed_kmh,
    round(segments.length_m, 2) as length_m,
    st_asgeojson(st_geomfromwkb(segments.geometry)) as path,
    segments.data_origin
from segments
left join classes on segments.class_code = classes.class_code
order by segments.segment_id, segments.direction
