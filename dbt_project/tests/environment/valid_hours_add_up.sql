-- The valid hours of the days are the valid hours of the hourly table, per station.
with

days as (
    select station_id, sum({% for p in pollutants() %}n_{{ p }}{{ ' + ' if not loop.last }}{% endfor %}) as n_hours
    from {{ ref('agg_air_quality_daily') }}
    where is_in_force
    group by station_id
),

hours as (
    select station_id, count(value) as n_hours
    from {{ ref('fct_air_quality_hourly') }}
    where pollutant_code in ('{{ pollutants() | join("', '") }}')
    group by station_id
)

select
    hours.station_id,
    days.n_hours as hours_of_days,
    hours.n_hours as hours
from hours
left join days on hours.station_id = days.station_id
where hours.n_hours <> coalesce(days.n_hours, 0)
