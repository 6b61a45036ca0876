-- One row is one pollutant at one station in one hour, with the index of the hour by the rule version in force.
{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partition_by=['event_month'],
    on_schema_change='fail',
    pre_hook="{{ delete_emptied_months('select distinct _event_month from silver.environment__air_quality_hourly') }}"
) }}

with

readings as (
    select * from {{ ref('stg_air_quality_hourly') }}
    where {{ in_months('event_month') }}
),

stations as (
    select station_id, zone from {{ ref('stg_stations') }}
),

rules as (
    select rule_version, valid_from, valid_to, minimum_minutes from {{ ref('stg_aqi_rules') }}
),

items as (
    select * from {{ ref('stg_aqi_pollutants') }}
),

placed as (
    select
        readings.*,
        stations.zone,
        {{ local_time('readings.hour_at', 'stations.zone') }} as hour_local
    from readings
    inner join stations on readings.station_id = stations.station_id
),

ruled as (
    select
        placed.* except (value),
        rules.rule_version,
        items.decimals,
        items.hourly_averaging as averaging,
        placed.period_used <> 'hour' and placed.minutes_valid < rules.minimum_minutes as is_short,
        rules.minimum_minutes,
        placed.value as mean_of_minutes,
        case
            when items.pollutant_code is null then 'not a pollutant of the index'
            else items.hourly_reason
        end as table_reason
    from placed
    inner join rules on cast(placed.hour_local as date) between rules.valid_from and rules.valid_to
    left join items
        on rules.rule_version = items.rule_version
        and placed.pollutant_code = items.pollutant_code
),

rounded as (
    select
        *,
        if(is_short, null, mean_of_minutes) as value,
        {{ rounded_thousandths('cast(if(is_short, null, mean_of_minutes) as decimal(18, 6))', 'decimals') }} as thousandths
    from ruled
),

indexed as (
    {{ with_iaqi('rounded') }}
)

select
    station_id,
    pollutant_code,
    hour_at,
    hour_local,
    {{ date_key('hour_local') }} as date_key,
    value,
    unit_code,
    minutes_valid,
    iaqi,
    case
        when iaqi is not null then null
        when is_short then concat(minutes_valid, ' of ', minimum_minutes, ' minutes valid')
        when value is null then 'missing'
        else coalesce(table_reason, beyond_reason)
    end as iaqi_reason,
    rule_version,
    {{ is_provisional('cast(hour_local as date)', 'zone') }} as is_provisional,
    data_origin,
    event_month
from indexed
distribute by event_month
sort by event_month, station_id, pollutant_code, hour_at
