-- One row is one pollutant on one local day of one station: how many hours are valid, their sum and their maximum.
select
    station_id,
    date_local,
    pollutant_code,
    count(concentration) as n_hours,
    sum(concentration) as sum_of_hours,
    max(concentration) as largest_hour
from {{ ref('int_air_quality__hours') }}
group by station_id, date_local, pollutant_code
