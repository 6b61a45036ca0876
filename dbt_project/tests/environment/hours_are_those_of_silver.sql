-- Gold holds exactly the hours of silver: same months, same number of rows.
with

silver as (
    select event_month, count(*) as n_rows
    from {{ ref('stg_air_quality_hourly') }}
    group by event_month
),

gold as (
    select event_month, count(*) as n_rows
    from {{ ref('fct_air_quality_hourly') }}
    group by event_month
)

select
    coalesce(silver.event_month, gold.event_month) as event_month,
    silver.n_rows as rows_in_silver,
    gold.n_rows as rows_in_gold
from silver
full outer join gold on silver.event_month = gold.event_month
where not silver.n_rows <=> gold.n_rows
