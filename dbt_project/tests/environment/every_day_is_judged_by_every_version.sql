-- Each station day has one row per rule version, one of them in force, with the same hours.
select
    station_id,
    date_local,
    count(*) as n_versions,
    count_if(is_in_force) as n_in_force
from {{ ref('agg_air_quality_daily') }}
group by station_id, date_local
having count(*) <> (select count(*) from {{ ref('stg_aqi_rules') }})
    or count_if(is_in_force) <> 1
    {% for p in pollutants() -%}
    or min(n_{{ p }}) <> max(n_{{ p }})
    {% endfor %}
