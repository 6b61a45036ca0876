-- The daily report of HJ 633 from items with IAQI (see with_iaqi): one row per `unit`, local day and rule version.
-- Gives the concentrations and indices side by side, the AQI, what it is at least, and the primary pollutants.
{% macro daily_report(items, unit) -%}
    with days as (
        select
            {{ unit }},
            date_local,
            rule_version,
            min(zone) as zone,
            {{ worst_origin('data_origin') }} as data_origin,
            {% for p in pollutants() -%}
            max(if(pollutant_code = '{{ p }}', thousandths / 1000, null)) as concentration_{{ p }},
            max(if(pollutant_code = '{{ p }}', n_hours, null)) as n_{{ p }},
            max(if(pollutant_code = '{{ p }}', iaqi, null)) as iaqi_{{ p }},
            {% endfor -%}
            max(n_means) as n_o3_8h,
            max(iaqi) as largest_iaqi,
            max(iaqi_above) as certainly_above,
            count(thousandths) as n_measured,
            count_if(thousandths is null) as n_missing,
            array_sort(collect_list(struct(position, pollutant_code, iaqi, iaqi_above))) as by_position,
            array_sort(collect_list(if(reason is null, null, struct(position, reason)))) as reasons
        from {{ items }}
        group by {{ unit }}, date_local, rule_version
    ),

    judged as (
        select
            days.*,
            rules.primary_above,
            rules.good_day_at_most,
            rules.complete_set_up_to,
            days.date_local between rules.valid_from and rules.valid_to as is_in_force,
            coalesce(days.n_missing > 0 and days.largest_iaqi <= rules.complete_set_up_to, false) as is_withheld,
            coalesce(days.certainly_above >= coalesce(days.largest_iaqi, 0), false) as is_beyond
        from days
        inner join {{ ref('stg_aqi_rules') }} as rules on days.rule_version = rules.rule_version
    ),

    ranked as (
        select
            *,
            if(is_beyond or is_withheld, null, largest_iaqi) as aqi,
            case
                when is_beyond then certainly_above + 1
                when not is_withheld then largest_iaqi
            end as at_least,
            case
                when is_beyond then filter(by_position, x -> x.iaqi_above = certainly_above)
                when not is_withheld and largest_iaqi > primary_above then filter(by_position, x -> x.iaqi = largest_iaqi)
            end as primary_items
        from judged
    )

    select
        *,
        array_join(transform(primary_items, x -> x.pollutant_code), ',') as primary_pollutants,
        at_least <= good_day_at_most as is_good_day,
        nullif(concat_ws(
            '; ',
            transform(reasons, x -> x.reason),
            if(is_withheld, concat('AQI of the other items is not above ', complete_set_up_to), null)
        ), '') as invalid_reason
    from ranked
{%- endmacro %}
