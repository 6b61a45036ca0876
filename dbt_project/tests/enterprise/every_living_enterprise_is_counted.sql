-- In the newest month the stock over townships, sections and classes is the number of enterprises that exist in the register.
with

counted as (
    select sum(months.stock) as n_enterprises
    from {{ ref('agg_enterprise_monthly') }} as months
    where months.month_start = (select max(newest.month_start) from {{ ref('agg_enterprise_monthly') }} as newest)
),

living as (
    select count(*) as n_enterprises
    from {{ ref('dim_enterprises') }}
    where established_on is not null and deregistered_on is null
)

select
    counted.n_enterprises,
    living.n_enterprises as in_register
from counted
cross join living
where not counted.n_enterprises <=> living.n_enterprises
