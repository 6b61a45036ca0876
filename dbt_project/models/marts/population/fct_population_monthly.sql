-- One row is one month end, governance grid, sex, year of age and kind of residency: persons.
select
    month_end,
    township_code,
    grid_code,
    coalesce(sex_code, 'unknown') as sex_code,
    coalesce(age_years, -1) as age_years,
    residency_kind,
    count(*) as persons,
    count_if(is_registered) as registered,
    count_if(is_usual_resident) as usual_residents,
    {{ worst_origin('data_origin') }} as data_origin
from {{ ref('int_population__month_ends') }}
group by month_end, township_code, grid_code, coalesce(sex_code, 'unknown'), coalesce(age_years, -1), residency_kind
order by month_end, township_code, grid_code, sex_code, age_years, residency_kind
