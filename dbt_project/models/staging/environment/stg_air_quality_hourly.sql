-- One row is one pollutant at one station in one hour, as silver holds it.
select
    station_id,
    pollutant_code,
    hour_at,
    value,
    unit_code,
    cast(minutes_valid as bigint) as minutes_valid,
    period_used,
    _data_origin as data_origin,
    _event_month as event_month
from {{ source('silver', 'environment__air_quality_hourly') }}
