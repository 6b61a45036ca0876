-- One row is one KPI for one station or division and one period: numerator, denominator and what should have counted.
with

days as (
    select * from {{ ref('int_kpi__air_days') }}
),

placed as (
    select
        days.*,
        explode(array(
            struct('D' as frequency, date_local as first_day, date_local as last_day, 'yyyy-MM-dd' as pattern),
            struct('M', cast(trunc(date_local, 'MM') as date), last_day(date_local), 'yyyy-MM'),
            struct('Y', make_date(year(date_local), 1, 1), make_date(year(date_local), 12, 31), 'yyyy')
        )) as span
    from days
),

sums as (
    select
        scope_type,
        scope_id,
        span.frequency,
        span.first_day as period_start,
        span.last_day as period_end,
        date_format(span.first_day, span.pattern) as period,
        max(station_id) as station_id,
        max(division_code) as division_code,
        max(zone) as zone,
        if(min(rule_version) = max(rule_version), min(rule_version), null) as rule_version,
        if(min(data_origin) = max(data_origin), min(data_origin), 'mixed') as data_origin,
        cast(sum(aqi) as decimal(28, 6)) as sum_of_aqi,
        sum(n_measured) as n_measured,
        cast(count_if(is_good_day) as decimal(28, 6)) as good_days,
        count(is_good_day) as judged_days,
        bool_or(is_good_day = false and aqi is null) as is_beyond,
        cast(sum(cast(pm25_ugm3 as decimal(18, 6))) as decimal(28, 6)) as sum_of_pm25,
        count(pm25_ugm3) as days_of_pm25
    from placed
    group by scope_type, scope_id, span
),

counts as (
    select
        sums.* except (is_beyond),
        explode(case frequency
            when 'D' then array(struct(
                'ENV-01' as kpi_id, sum_of_aqi as numerator, 1L as denominator, 1 as factor,
                n_measured as n_counted, 6L as n_expected, is_beyond as is_beyond
            ))
            else array(
                struct('ENV-02', good_days, judged_days, 100, judged_days, cast(null as bigint), false),
                struct('ENV-03', sum_of_pm25, days_of_pm25, 1, days_of_pm25, cast(null as bigint), false)
            )
        end) as kpi
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
    kpi.kpi_id,
    kpi.numerator,
    kpi.denominator,
    kpi.factor,
    kpi.n_counted,
    kpi.n_expected,
    kpi.is_beyond,
    to_date(from_utc_timestamp({{ as_of() }}, zone)) as today
from counts
