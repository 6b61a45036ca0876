-- One row is one class of services.
select
    class_code,
    name_zh,
    name_en
from {{ source('reference', 'service_classes') }}
