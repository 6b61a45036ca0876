-- One row is one KPI for one station or division and one period: numerator, denominator and what should have counted.
with

days as (
    select * from {{ ref('int_kpi__air_days') }}
),

periods as (
    select
        days.*,
        period.frequency,
        period.period_start,
        period.period_end,
        period.period
    from days
    lateral view explode(array(
        struct(
            'M' as frequency,
            cast(trunc(date_local, 'MM') as date) as period_start,
            last_day(date_local) as period_end,
            date_format(date_local, 'yyyy-MM') as period
        ),
        struct(
            'Y' as frequency,
            cast(trunc(date_local, 'YEAR') as date) as period_start,
            date_add(add_months(trunc(date_local, 'YEAR'), 12), -1) as period_end,
            date_format(date_local, 'yyyy') as period
        )
    )) as period
),

months_and_years as (
    select
        scope_type,
        scope_id,
        frequency,
        period,
        period_start,
        period_end,
        max(station_id) as station_id,
        max(division_code) as division_code,
        max(zone) as zone,
        if(min(rule_version) = max(rule_version), min(rule_version), null) as rule_version,
        if(min(data_origin) = max(data_origin), min(data_origin), 'mixed') as data_origin,
        cast(count_if(is_good_day) as decimal(28, 6)) as good_days,
        count(is_good_day) as judged_days,
        sum(cast(pm25_ugm3 as decimal(18, 6))) as sum_of_pm25,
        count(pm25_ugm3) as days_of_pm25
    from periods
    group by scope_type, scope_id, frequency, period, period_start, period_end
),

counts as (
    select
        'ENV-01' as kpi_id,
        scope_type,
        scope_id,
        'D' as frequency,
        date_format(date_local, 'yyyy-MM-dd') as period,
        date_local as period_start,
        date_local as period_end,
        station_id,
        division_code,
        zone,
        rule_version,
        data_origin,
        cast(aqi as decimal(28, 6)) as numerator,
        cast(1 as bigint) as denominator,
        1 as factor,
        cast(n_measured as bigint) as n_counted,
        cast(6 as bigint) as n_expected,
        is_good_day = false and aqi is null as is_beyond
    from days

    union all

    select
        'ENV-02', scope_type, scope_id, frequency, period, period_start, period_end, station_id, division_code, zone,
        rule_version, data_origin, good_days, judged_days, 100, judged_days, null, false
    from months_and_years

    union all

    select
        'ENV-03', scope_type, scope_id, frequency, period, period_start, period_end, station_id, division_code, zone,
        rule_version, data_origin, sum_of_pm25, days_of_pm25, 1, days_of_pm25, null, false
    from months_and_years
)

select
    *,
    to_date(from_utc_timestamp({{ as_of() }}, zone)) as today
from counts
