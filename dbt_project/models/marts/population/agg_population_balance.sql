-- One row is one month and township: persons in the register before and after, and every reason why that changed.
with

residences as (
    select * from {{ ref('stg_residences') }}
),

span as (
    select
        min(valid_from) as first_day,
        greatest(max(valid_from), coalesce(max(valid_to), max(valid_from))) as last_day
    from residences
),

months as (
    select
        first_day,
        explode(sequence(trunc(first_day, 'MM'), trunc(last_day, 'MM'), interval 1 month)) as month_start
    from span
),

stocks as (
    select
        cast(months.month_start as date) as month_start,
        residences.township_code,
        count_if(
            residences.valid_from = months.first_day and trunc(months.first_day, 'MM') = months.month_start
            or residences.valid_from < months.month_start and coalesce(residences.valid_to >= months.month_start, true)
        ) as stock_before,
        count_if(
            residences.valid_from < add_months(months.month_start, 1)
            and coalesce(residences.valid_to >= add_months(months.month_start, 1), true)
        ) as stock,
        {{ worst_origin('residences.data_origin') }} as data_origin
    from months
    cross join residences
    group by months.month_start, residences.township_code
),

changes as (
    select
        cast(trunc(changed_on, 'MM') as date) as month_start,
        township_code,
        count_if(reason = 'born') as births,
        count_if(reason = 'died') as deaths,
        count_if(reason = 'moved_in') as moved_in,
        count_if(reason = 'moved_out') as moved_out,
        count_if(reason = 'moved_here') - count_if(reason = 'moved_away') as moved_within,
        -count_if(reason = 'struck_off') as corrections
    from {{ ref('int_population__changes') }}
    group by cast(trunc(changed_on, 'MM') as date), township_code
)

select
    stocks.month_start,
    stocks.township_code,
    stocks.stock_before,
    coalesce(changes.births, 0) as births,
    coalesce(changes.deaths, 0) as deaths,
    coalesce(changes.moved_in, 0) as moved_in,
    coalesce(changes.moved_out, 0) as moved_out,
    coalesce(changes.moved_within, 0) as moved_within,
    coalesce(changes.corrections, 0) as corrections,
    stocks.stock,
    stocks.data_origin
from stocks
left join changes on stocks.month_start = changes.month_start and stocks.township_code = changes.township_code
order by stocks.month_start, stocks.township_code
