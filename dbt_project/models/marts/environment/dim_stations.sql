-- One row is one station of the register.
with

stations as (
    select * from {{ ref('stg_stations') }}
),

hours as (
    select
        station_id,
        min(hour_at) as first_hour_at,
        max(hour_at) as last_hour_at
    from {{ ref('stg_air_quality_hourly') }}
    group by station_id
)

select
    stations.station_id,
    stations.name_en,
    stations.name_zh,
    stations.division_code,
    stations.lon,
    stations.lat,
    stations.zone,
    stations.issuer,
    stations.data_origin,
    hours.first_hour_at,
    hours.last_hour_at
from stations
left join hours on stations.station_id = hours.station_id
