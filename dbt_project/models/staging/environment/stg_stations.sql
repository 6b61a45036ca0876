-- One row is one station of the register.
select
    station_id,
    name_en,
    name_zh,
    division_code,
    cast(lon as double) as lon,
    cast(lat as double) as lat,
    zone,
    issuer,
    data_origin
from {{ source('reference', 'stations') }}
