-- One row is one pollutant on one local day in one division (county, and the prefecture above it), by the rule in force:
-- the mean of its stations' daily concentrations, with the IAQI of that mean.
with

days as (
    select * from {{ ref('agg_air_quality_daily') }}
    where is_in_force
),

memberships as (
    select
        station_id,
        zone,
        explode(array_distinct(array(division_code, concat(substr(division_code, 1, 4), '00')))) as division_code
    from {{ ref('stg_stations') }}
    where division_code is not null
),

items as (
    select * from {{ ref('stg_aqi_pollutants') }}
),

station_items as (
    select
        station_id,
        date_local,
        rule_version,
        data_origin,
        stack(
            6,
            'pm25', pm25_ugm3, 'pm10', pm10_ugm3, 'so2', so2_ugm3,
            'no2', no2_ugm3, 'co', co_mgm3, 'o3', o3_8h_ugm3
        ) as (pollutant_code, concentration)
    from days
),

means as (
    select
        memberships.division_code,
        station_items.date_local,
        station_items.rule_version,
        station_items.pollutant_code,
        min(memberships.zone) as zone,
        {{ worst_origin('station_items.data_origin') }} as data_origin,
        count(station_items.concentration) as n_stations,
        sum(cast(station_items.concentration as decimal(18, 6))) as sum_of_stations
    from station_items
    inner join memberships on station_items.station_id = memberships.station_id
    group by memberships.division_code, station_items.date_local, station_items.rule_version, station_items.pollutant_code
),

rounded as (
    select
        means.*,
        items.position,
        items.daily_averaging as averaging,
        cast(null as bigint) as n_hours,
        cast(null as bigint) as n_means,
        {{ rounded_thousandths('means.sum_of_stations / nullif(means.n_stations, 0)', 'items.decimals') }} as thousandths
    from means
    inner join items
        on means.rule_version = items.rule_version
        and means.pollutant_code = items.pollutant_code
)

select
    *,
    case
        when thousandths is null then concat(pollutant_code, ': no station')
        when iaqi is null then concat(pollutant_code, ': ', beyond_reason)
    end as reason
from ({{ with_iaqi('rounded') }})
