-- One row is one station on one local day by one rule version: the daily report of HJ 633.
{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    partition_by=['event_month'],
    on_schema_change='fail',
    pre_hook="{{ delete_emptied_months('select distinct make_date(year(hour_local), month(hour_local), 1) from gold.fct_air_quality_hourly', beside=1) }}"
) }}

with

items as (
    select * from {{ ref('int_air_quality__daily_iaqi') }}
),

reports as (
    {{ daily_report('items', 'station_id') }}
),

levels as (
    select * from {{ ref('stg_aqi_levels') }}
)

select
    reports.station_id,
    reports.date_local,
    reports.rule_version,
    reports.is_in_force,
    {{ date_key('reports.date_local') }} as date_key,
    cast(reports.concentration_pm25 as double) as pm25_ugm3,
    cast(reports.concentration_pm10 as double) as pm10_ugm3,
    cast(reports.concentration_so2 as double) as so2_ugm3,
    cast(reports.concentration_no2 as double) as no2_ugm3,
    cast(reports.concentration_co as double) as co_mgm3,
    cast(reports.concentration_o3 as double) as o3_8h_ugm3,
    {% for p in pollutants() -%}
    reports.n_{{ p }},
    {% endfor -%}
    reports.n_o3_8h,
    {% for p in pollutants() -%}
    reports.iaqi_{{ p }},
    {% endfor -%}
    reports.aqi,
    reports.primary_pollutants,
    levels.level,
    levels.name_en as level_name_en,
    levels.name_zh as level_name_zh,
    levels.color as level_color,
    reports.is_good_day,
    reports.invalid_reason,
    {{ is_provisional('reports.date_local', 'reports.zone') }} as is_provisional,
    reports.data_origin,
    cast(trunc(reports.date_local, 'MM') as date) as event_month
from reports
left join levels
    on reports.rule_version = levels.rule_version
    and reports.at_least between levels.aqi_low and coalesce(levels.aqi_high, 2147483647)
distribute by event_month
sort by event_month, station_id, date_local, rule_version
