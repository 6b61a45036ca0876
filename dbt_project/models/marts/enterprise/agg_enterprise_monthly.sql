-- One row is one month, township, section of industry and class: enterprises that exist at its end, and how they came and went.
with

lives as (
    select * from {{ ref('int_enterprise__lives') }}
),

-- Two years up to the newest month that the registers speak of.
months as (
    select explode(sequence(add_months(max(known_in), -23), max(known_in), interval 1 month)) as month_start
    from lives
),

counted as (
    select
        months.month_start,
        lives.township_code,
        lives.industry_section,
        lives.class_code,
        count_if(lives.born_in < months.month_start and coalesce(lives.died_in >= months.month_start, true)) as stock_before,
        count_if(lives.born_in = months.month_start) as births,
        count_if(lives.died_in = months.month_start) as deaths,
        count_if(lives.revoked_in = months.month_start) as revocations,
        count_if(lives.born_in <= months.month_start and coalesce(lives.died_in > months.month_start, true)) as stock,
        count_if(
            lives.born_in <= months.month_start
            and coalesce(lives.died_in > months.month_start, true)
            and coalesce(lives.revoked_in > months.month_start, true)
        ) as stock_active,
        sum(if(lives.born_in = months.month_start, {{ exact('lives.capital_cny10k') }}, 0)) as new_capital,
        sum(
            if(
                lives.born_in <= months.month_start and coalesce(lives.died_in > months.month_start, true),
                {{ exact('lives.capital_cny10k') }},
                0
            )
        ) as capital,
        {{ worst_origin('lives.data_origin') }} as data_origin
    from months
    inner join lives on months.month_start >= lives.born_in and coalesce(months.month_start <= lives.died_in, true)
    group by months.month_start, lives.township_code, lives.industry_section, lives.class_code
)

select
    month_start,
    township_code,
    industry_section,
    class_code,
    stock_before,
    births,
    deaths,
    revocations,
    stock,
    stock_active,
    cast(new_capital as double) as new_capital_cny10k,
    cast(capital as double) as capital_cny10k,
    data_origin
from counted
order by month_start, township_code, industry_section, class_code
