-- Of each month, township, section and class: enterprises at the end = those at the end of the month before + births - deaths.
with

months as (
    select
        *,
        lag(stock) over (partition by township_code, industry_section, class_code order by month_start) as stock_of_last,
        lag(month_start) over (partition by township_code, industry_section, class_code order by month_start) as last_month
    from {{ ref('agg_enterprise_monthly') }}
)

select *
from months
where stock <> stock_before + births - deaths
    or (last_month = add_months(month_start, -1) and stock_before <> stock_of_last)
