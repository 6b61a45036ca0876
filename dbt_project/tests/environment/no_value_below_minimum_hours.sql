-- A day with too few valid hours has no concentration, and a day with enough has one.
with

days as (
    select * from {{ ref('agg_air_quality_daily') }}
),

rules as (
    select * from {{ ref('stg_aqi_rules') }}
)

select days.*
from days
inner join rules on days.rule_version = rules.rule_version
where
    {% for column, p in [('pm25_ugm3', 'pm25'), ('pm10_ugm3', 'pm10'), ('so2_ugm3', 'so2'), ('no2_ugm3', 'no2'), ('co_mgm3', 'co')] -%}
    (days.{{ column }} is null) <> (days.n_{{ p }} < rules.minimum_hours)
    or {% endfor -%}
    (days.o3_8h_ugm3 is null) <> (days.n_o3_8h < rules.running_minimum_means)
