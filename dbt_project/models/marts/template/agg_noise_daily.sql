-- One row is one site and one local day.
with

noise as (
    select * from {{ ref('stg_noise') }}
),

stations as (
    select station_id, zone from {{ ref('stg_stations') }}
),

local_hours as (
    select
        noise.*,
        cast({{ local_time('noise.observed_at', 'stations.zone') }} as date) as date_local
    from noise
    inner join stations on noise.station_id = stations.station_id
)

select
    station_id,
    date_local,
    round(10 * log10(avg(power(10, noise_db / 10))), 1) as noise_db,
    count(*) as n_hours,
    {{ worst_origin('data_origin') }} as data_origin
from local_hours
group by station_id, date_local
