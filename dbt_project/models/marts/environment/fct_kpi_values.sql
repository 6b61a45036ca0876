-- One row is one KPI for one station or division and one period, with its evidence.
with

counts as (
    select * from {{ ref('int_kpi__counts') }}
),

definitions as (
    select * from {{ ref('stg_kpis') }}
),

defined as (
    select
        counts.*,
        definitions.kpi_version,
        definitions.unit as unit_code,
        definitions.direction,
        definitions.green_limit,
        definitions.amber_limit,
        definitions.minimum_completeness,
        counts.today <= date_add(counts.period_end, cast(definitions.final_after_days as int)) as is_provisional,
        -- days of the period that have passed; at least one, so that a share exists on the first day
        coalesce(
            counts.n_expected,
            greatest(1, datediff(least(counts.period_end, date_sub(counts.today, 1)), counts.period_start) + 1)
        ) as n_due,
        {{ rounded_thousandths(
            'counts.factor * counts.numerator / nullif(counts.denominator, 0)', 'definitions.decimals'
        ) }} / 1000 as value
    from counts
    inner join definitions
        on counts.kpi_id = definitions.kpi_id
        and counts.frequency = definitions.frequency
        and counts.period_start between definitions.valid_from and definitions.valid_to
),

measured as (
    select
        *,
        round(least(1, n_counted / n_due), 4) as completeness
    from defined
)

select
    kpi_id,
    kpi_version,
    scope_type,
    scope_id,
    period,
    station_id,
    division_code,
    frequency,
    period_start,
    cast(value as double) as value,
    unit_code,
    cast(numerator as double) as numerator,
    cast(denominator as double) as denominator,
    cast(completeness as double) as completeness,
    green_limit as target,
    amber_limit,
    case
        when completeness < minimum_completeness then 'grey'
        when is_beyond then 'red'
        when value is null then 'grey'
        when (direction = 'less' and value <= green_limit) or (direction = 'more' and value >= green_limit) then 'green'
        when (direction = 'less' and value <= amber_limit) or (direction = 'more' and value >= amber_limit) then 'amber'
        else 'red'
    end as state,
    is_provisional,
    rule_version,
    data_origin,
    '{{ var("input_versions") }}' as input_versions,
    '{{ var("run_id") }}' as _run_id
from measured
