-- One row is one local day of one station or division by the rule in force: what the KPIs of air quality count.
with

stations as (
    select station_id, division_code, zone from {{ ref('stg_stations') }}
),

station_days as (
    select * from {{ ref('agg_air_quality_daily') }}
    where is_in_force
),

division_items as (
    select * from {{ ref('int_air_quality__division_items') }}
),

division_days as (
    {{ daily_report('division_items', 'division_code') }}
)

select
    'station' as scope_type,
    stations.station_id as scope_id,
    stations.station_id,
    stations.division_code,
    stations.zone,
    station_days.date_local,
    station_days.rule_version,
    station_days.data_origin,
    station_days.aqi,
    station_days.is_good_day,
    station_days.pm25_ugm3,
    {% for column in ['pm25_ugm3', 'pm10_ugm3', 'so2_ugm3', 'no2_ugm3', 'co_mgm3', 'o3_8h_ugm3'] -%}
    {{ '+ ' if not loop.first }}if(station_days.{{ column }} is null, 0, 1)
    {% endfor -%}
    as n_measured
from station_days
inner join stations on station_days.station_id = stations.station_id

union all

select
    'division' as scope_type,
    division_code as scope_id,
    cast(null as string) as station_id,
    division_code,
    zone,
    date_local,
    rule_version,
    data_origin,
    aqi,
    is_good_day,
    cast(concentration_pm25 as double) as pm25_ugm3,
    cast(n_measured as int) as n_measured
from division_days
