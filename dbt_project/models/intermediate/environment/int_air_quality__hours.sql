-- One row is one hour of one of the six pollutants at one station, placed in the station's local day.
-- `hour_of_day` counts elapsed hours since local midnight, so days of 23 or 25 hours keep their order.
with

hours as (
    select * from {{ ref('fct_air_quality_hourly') }}
    where {{ in_months('event_month', beside=2) }}
),

stations as (
    select * from {{ ref('stg_stations') }}
),

placed as (
    select
        hours.station_id,
        hours.pollutant_code,
        stations.zone,
        hours.data_origin,
        cast(hours.hour_local as date) as date_local,
        cast(hours.value as decimal(18, 6)) as concentration,
        hours.hour_at
    from hours
    inner join stations on hours.station_id = stations.station_id
    where hours.pollutant_code in ('{{ pollutants() | join("', '") }}')
)

select
    *,
    cast((unix_seconds(hour_at) - unix_seconds(to_utc_timestamp(date_local, zone))) div 3600 as bigint) as hour_of_day
from placed
where {{ in_months("cast(trunc(date_local, 'MM') as date)", beside=1) }}
