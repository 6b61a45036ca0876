-- One row is one address as a department wrote it, with the place that was found for it.
select
    address_text,
    address_id,
    building_id,
    division_code,
    grid_code,
    geocode_quality,
    data_origin
from {{ source('silver', 'xref__addresses') }}
