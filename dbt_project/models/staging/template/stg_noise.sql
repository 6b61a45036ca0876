-- One row is one site and one hour.
select
    station_id,
    observed_at,
    noise_db,
    _data_origin as data_origin
from {{ source('silver', 'template__noise') }}
