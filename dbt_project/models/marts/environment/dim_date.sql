-- One row is one calendar day, from the first to the last year that holds data.
with

span as (
    select
        trunc(min(hour_local), 'YEAR') as first_day,
        date_sub(add_months(trunc(max(hour_local), 'YEAR'), 12), 1) as last_day
    from {{ ref('fct_air_quality_hourly') }}
),

days as (
    select explode(sequence(first_day, last_day)) as date_local
    from span
    where first_day is not null
)

select
    {{ date_key('date_local') }} as date_key,
    date_local,
    cast(year(date_local) as bigint) as year,
    cast(quarter(date_local) as bigint) as quarter,
    cast(month(date_local) as bigint) as month,
    cast(day(date_local) as bigint) as day,
    cast(weekday(date_local) + 1 as bigint) as day_of_week,
    cast(extract(yearofweek from date_local) as bigint) as iso_year,
    cast(weekofyear(date_local) as bigint) as iso_week,
    weekday(date_local) >= 5 as is_weekend,
    date_format(date_local, 'MMMM') as month_name_en,
    date_format(date_local, 'EEEE') as day_name_en,
    concat('星期', substr('一二三四五六日', weekday(date_local) + 1, 1)) as day_name_zh
from days
