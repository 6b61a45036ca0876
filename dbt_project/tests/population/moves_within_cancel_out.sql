-- Over all townships nobody comes or goes by a move within the city.
select
    month_start,
    sum(moved_within) as moved_within
from {{ ref('agg_population_balance') }}
group by month_start
having sum(moved_within) <> 0
