-- One row is one pollutant on one local day of one station under one rule version: the concentration that the daily
-- report takes (24 h mean, largest 8 h mean of ozone), null with the reason when too little was measured.
with

station_days as (
    select
        station_id,
        date_local,
        first(zone) as zone,
        min(data_origin) as data_origin
    from {{ ref('int_air_quality__hours') }}
    group by station_id, date_local
),

rules as (
    select * from {{ ref('stg_aqi_rules') }}
),

items as (
    select * from {{ ref('stg_aqi_pollutants') }}
),

day_means as (
    select * from {{ ref('int_air_quality__day_means') }}
),

ozone as (
    select * from {{ ref('int_air_quality__ozone_running_means') }}
),

measured as (
    select
        station_days.*,
        rules.rule_version,
        rules.minimum_hours,
        rules.running_minimum_means,
        items.pollutant_code,
        items.position,
        items.decimals,
        items.daily_averaging as averaging,
        coalesce(day_means.n_hours, 0) as n_hours,
        if(items.daily_averaging = '8h', coalesce(ozone.n_means, 0), null) as n_means,
        day_means.sum_of_hours,
        day_means.largest_hour,
        ozone.largest_mean
    from station_days
    cross join rules
    inner join items on rules.rule_version = items.rule_version
    left join day_means
        on
            station_days.station_id = day_means.station_id
            and station_days.date_local = day_means.date_local
            and items.pollutant_code = day_means.pollutant_code
    left join ozone
        on
            station_days.station_id = ozone.station_id
            and station_days.date_local = ozone.date_local
            and rules.rule_version = ozone.rule_version
            and items.daily_averaging = '8h'
)

select
    station_id,
    date_local,
    zone,
    data_origin,
    rule_version,
    pollutant_code,
    position,
    decimals,
    averaging,
    n_hours,
    n_means,
    case
        when averaging = '8h' then if(n_means >= running_minimum_means, largest_mean, null)
        else if(n_hours >= minimum_hours, sum_of_hours / n_hours, null)
    end as concentration,
    largest_hour as fallback_concentration,
    case
        when averaging = '8h' and n_means < running_minimum_means
            then concat(pollutant_code, ': ', n_means, ' of ', running_minimum_means, ' running means')
        when averaging <> '8h' and n_hours < minimum_hours
            then concat(pollutant_code, ': ', n_hours, ' of ', minimum_hours, ' hours')
    end as missing_reason
from measured
