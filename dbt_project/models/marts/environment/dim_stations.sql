-- One row is one station of the register.
select
    station_id,
    name_en,
    name_zh,
    division_code,
    lon,
    lat,
    zone,
    issuer,
    data_origin
from {{ ref('stg_stations') }}
