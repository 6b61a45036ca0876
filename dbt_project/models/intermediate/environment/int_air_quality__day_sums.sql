-- One row is one local day of one station: per pollutant how many hours are valid, their sum and their maximum.
with

pollutant_days as (
    select
        station_id,
        date_local,
        pollutant_code,
        min(zone) as zone,
        {{ worst_origin('data_origin') }} as data_origin,
        count(concentration) as n_hours,
        sum(concentration) as sum_of_hours,
        max(concentration) as largest_hour
    from {{ ref('int_air_quality__hours') }}
    group by station_id, date_local, pollutant_code
)

select
    station_id,
    date_local,
    min(zone) as zone,
    {{ worst_origin('data_origin') }} as data_origin,
    map_from_entries(collect_list(struct(pollutant_code, struct(n_hours, sum_of_hours, largest_hour)))) as by_pollutant
from pollutant_days
group by station_id, date_local
