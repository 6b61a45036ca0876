-- One row is one service point with its class and the grids that hold it.
with

points as (
    select * from {{ ref('stg_service_points') }}
),

classes as (
    select * from {{ ref('stg_service_classes') }}
)

select
    points.service_point_id,
    points.name,
    points.class_code,
    classes.name_zh as class_zh,
    classes.name_en as class_en,
    points.street,
    points.house_number,
    round(points.lon, 7) as lon,
    round(points.lat, 7) as lat,
    left(points.grid_code, 9) as township_code,
    points.grid_code,
    points.unit_grid_code,
    points.data_origin
from points
left join classes on points.class_code = classes.class_code
order by points.service_point_id
