-- One row is one forecast of PM2.5 for one station, origin and horizon, beside what was measured later.
{{ config(tags=['forecast']) }}

with

forecasts as (
    select * from {{ ref('stg_pm25_forecasts') }}
),

measured as (
    select
        station_id,
        hour_at,
        value
    from {{ ref('fct_air_quality_hourly') }}
    where pollutant_code = 'pm25'
)

select
    forecasts.station_id,
    forecasts.origin_at,
    forecasts.horizon_hours,
    forecasts.target_at,
    forecasts.predicted,
    forecasts.lower_80,
    forecasts.upper_80,
    measured.value as actual,
    forecasts.model_name,
    forecasts.model_version,
    forecasts.is_demo_model,
    forecasts.data_origin
from forecasts
left join measured
    on
        forecasts.station_id = measured.station_id
        and forecasts.target_at = measured.hour_at
