-- One row is one class of roads.
select
    class_code,
    name_zh,
    name_en,
    is_for_cars
from {{ source('reference', 'road_classes') }}
