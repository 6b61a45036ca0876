-- One row is one pollutant on one local day of one station under one rule version: the concentration that the daily
-- report takes (24 h mean, largest 8 h mean of ozone), null with the reason when too little was measured.
with

days as (
    select * from {{ ref('int_air_quality__day_sums') }}
),

rules as (
    select * from {{ ref('stg_aqi_rules') }}
),

items as (
    select * from {{ ref('stg_aqi_pollutants') }}
),

ozone as (
    select * from {{ ref('int_air_quality__ozone_running_means') }}
),

measured as (
    select
        days.station_id,
        days.date_local,
        days.zone,
        days.data_origin,
        rules.rule_version,
        rules.minimum_hours,
        rules.running_minimum_means,
        items.pollutant_code,
        items.position,
        items.decimals,
        items.daily_averaging as averaging,
        coalesce(days.by_pollutant[items.pollutant_code].n_hours, 0) as n_hours,
        days.by_pollutant[items.pollutant_code].sum_of_hours as sum_of_hours,
        days.by_pollutant[items.pollutant_code].largest_hour as largest_hour,
        if(items.daily_averaging = '8h', coalesce(ozone.n_means, 0), null) as n_means,
        ozone.largest_mean
    from days
    cross join rules
    inner join items on rules.rule_version = items.rule_version
    left join ozone
        on days.station_id = ozone.station_id
        and days.date_local = ozone.date_local
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
