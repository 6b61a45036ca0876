-- One row is one KPI for one station or division and one period: numerator, denominator and what should have counted.
with

days as (
    select * from {{ ref('int_kpi__air_days') }}
),

placed as (
    select
        *,
        stack(
            3,
            'D', date_local, date_local, 'yyyy-MM-dd',
            'M', cast(trunc(date_local, 'MM') as date), last_day(date_local), 'yyyy-MM',
            'Y', make_date(year(date_local), 1, 1), make_date(year(date_local), 12, 31), 'yyyy'
        ) as (frequency, period_start, period_end, pattern)
    from days
),

sums as (
    select
        scope_type,
        scope_id,
        frequency,
        period_start,
        period_end,
        date_format(period_start, pattern) as period,
        max(station_id) as station_id,
        max(division_code) as division_code,
        max(zone) as zone,
        if(min(rule_version) = max(rule_version), min(rule_version), null) as rule_version,
        {{ worst_origin('data_origin') }} as data_origin,
        cast(sum(aqi) as decimal(28, 6)) as sum_of_aqi,
        sum(n_measured) as n_measured,
        cast(count_if(is_good_day) as decimal(28, 6)) as good_days,
        count(is_good_day) as judged_days,
        bool_or(is_good_day = false and aqi is null) as is_beyond,
        cast(sum(cast(pm25_ugm3 as decimal(18, 6))) as decimal(28, 6)) as sum_of_pm25,
        count(pm25_ugm3) as days_of_pm25
    from placed
    group by scope_type, scope_id, frequency, period_start, period_end, pattern
),

counts as (
    select
        * except (is_beyond),
        stack(
            3,
            'ENV-01', sum_of_aqi, 1L, 1, n_measured, 6L, is_beyond,
            'ENV-02', good_days, judged_days, 100, judged_days, cast(null as bigint), false,
            'ENV-03', sum_of_pm25, days_of_pm25, 1, days_of_pm25, cast(null as bigint), false
        ) as (kpi_id, numerator, denominator, factor, n_counted, n_expected, is_beyond)
    from sums
)

select
    scope_type,
    scope_id,
    station_id,
    division_code,
    frequency,
    period,
    period_start,
    period_end,
    rule_version,
    data_origin,
    kpi_id,
    numerator,
    denominator,
    factor,
    n_counted,
    n_expected,
    is_beyond,
    to_date(from_utc_timestamp({{ as_of() }}, zone)) as today
from counts
where (kpi_id = 'ENV-01') = (frequency = 'D')
