-- One row is one person of the city at the end of one month, as known then: age in whole years.
with

persons as (
    select * from {{ ref('stg_persons') }}
),

month_starts as (
    select explode(sequence(trunc(min(valid_from), 'MM'), trunc(max(valid_from), 'MM'), interval 1 month)) as month_start
    from persons
),

months as (
    select last_day(month_start) as month_end
    from month_starts
)

select
    months.month_end,
    persons.person_id,
    persons.sex_code,
    persons.is_registered,
    persons.is_usual_resident,
    coalesce(persons.residency_kind, 'unknown') as residency_kind,
    coalesce(left(persons.division_code, 9), 'unknown') as township_code,
    coalesce(persons.grid_code, 'unknown') as grid_code,
    cast(floor(months_between(months.month_end, persons.birth_date) / 12) as bigint) as age_years,
    persons.data_origin
from months
inner join persons
    on months.month_end >= persons.valid_from
    and coalesce(months.month_end < persons.valid_to, true)
where not persons.is_dead
