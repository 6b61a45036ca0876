-- One row is one local day of one station under one rule version: its valid running means of ozone and the largest.
-- A mean that ends at hour e covers the `running_hours` hours before e (HJ 633, GB 3095 table 4).
with

hours as (
    select * from {{ ref('int_air_quality__hours') }}
    where pollutant_code = 'o3' and concentration is not null
),

rules as (
    select * from {{ ref('stg_aqi_rules') }}
),

windows as (
    select
        hours.station_id,
        hours.date_local,
        hours.concentration,
        rules.rule_version,
        rules.running_minimum_hours,
        explode(sequence(
            greatest(hours.hour_of_day + 1, rules.running_first_end),
            least(hours.hour_of_day + rules.running_hours, rules.running_last_end)
        )) as end_hour
    from hours
    cross join rules
    where hours.hour_of_day + 1 <= rules.running_last_end and hours.hour_of_day + rules.running_hours >= rules.running_first_end
),

means as (
    select
        station_id,
        date_local,
        rule_version,
        end_hour,
        sum(concentration) / count(*) as running_mean
    from windows
    group by station_id, date_local, rule_version, end_hour, running_minimum_hours
    having count(*) >= running_minimum_hours
)

select
    station_id,
    date_local,
    rule_version,
    count(*) as n_means,
    max(running_mean) as largest_mean
from means
group by station_id, date_local, rule_version
