-- At the newest month end the persons of all grids are the living persons of the register.
with

counted as (
    select sum(months.persons) as n_persons
    from {{ ref('fct_population_monthly') }} as months
    where months.month_end = (select max(newest.month_end) from {{ ref('fct_population_monthly') }} as newest)
),

living as (
    select count(*) as n_persons
    from {{ ref('stg_persons') }}
    where valid_to is null and not is_dead
)

select
    counted.n_persons,
    living.n_persons as in_register
from counted
cross join living
where not counted.n_persons <=> living.n_persons
