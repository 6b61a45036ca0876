-- One row is one station in one hour: means of the observations, sum of the rain, mean wind vector.
{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partition_by=['event_month'],
    on_schema_change='fail',
    pre_hook="{{ delete_emptied_months('select distinct _event_month from silver.environment__weather') }}"
) }}

with

observations as (
    select
        *,
        cast(date_trunc('HOUR', observed_at) as timestamp) as hour_at
    from {{ ref('stg_weather') }}
    where {{ in_months('event_month') }}
),

hours as (
    select
        station_id,
        hour_at,
        event_month,
        round(avg(temp_c), 3) as temp_c,
        round(avg(dew_point_c), 3) as dew_point_c,
        round(avg(rh_pct), 3) as rh_pct,
        round(avg(press_hpa), 3) as press_hpa,
        round(avg(wind_ms), 3) as wind_ms,
        round(avg(sin(radians(wind_deg))), 9) as east,
        round(avg(cos(radians(wind_deg))), 9) as north,
        round(sum(rain_mm), 3) as rain_mm,
        round(avg(visibility_m), 3) as visibility_m,
        count(*) as n_observations,
        {{ worst_origin('data_origin') }} as data_origin
    from observations
    group by station_id, hour_at, event_month
),

stations as (
    select station_id, zone from {{ ref('stg_stations') }}
),

placed as (
    select
        hours.*,
        stations.zone,
        {{ local_time('hours.hour_at', 'stations.zone') }} as hour_local
    from hours
    inner join stations on hours.station_id = stations.station_id
)

select
    station_id,
    hour_at,
    hour_local,
    {{ date_key('hour_local') }} as date_key,
    temp_c,
    dew_point_c,
    rh_pct,
    press_hpa,
    wind_ms,
    -- opposite winds leave no direction
    case when east * east + north * north > 1e-12 then round(pmod(degrees(atan2(east, north)), 360), 1) end as wind_deg,
    rain_mm,
    visibility_m,
    n_observations,
    {{ is_provisional('cast(hour_local as date)', 'zone') }} as is_provisional,
    data_origin,
    event_month
from placed
distribute by event_month
sort by event_month, station_id, hour_at
