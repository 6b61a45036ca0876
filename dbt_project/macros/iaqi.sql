-- The arithmetic of HJ 633 (formula 1), exact: concentrations as whole thousandths of their unit, no floating point.

-- The six pollutants in the order of every list of them.
{% macro pollutants() -%}
    {{ return(['pm25', 'pm10', 'so2', 'no2', 'co', 'o3']) }}
{%- endmacro %}

-- Concentration -> thousandths after rounding to `decimals` digits, a half to the even neighbour (GB/T 8170).
{% macro rounded_thousandths(concentration, decimals) -%}
    case {{ decimals }}
        when 0 then 1000 * cast(bround({{ concentration }}, 0) as bigint)
        when 1 then 100 * cast(bround({{ concentration }} * 10, 0) as bigint)
        when 2 then 10 * cast(bround({{ concentration }} * 100, 0) as bigint)
        when 3 then cast(bround({{ concentration }} * 1000, 0) as bigint)
    end
{%- endmacro %}

-- Thousandths of a matching breakpoint row `b` -> IAQI rounded up; beyond the last breakpoint its fixed value or null.
{% macro iaqi(thousandths, b) -%}
    case
        when {{ b }}.bp_high is null then {{ b }}.iaqi_high
        else {{ b }}.iaqi_low
            + (({{ b }}.iaqi_high - {{ b }}.iaqi_low) * ({{ thousandths }} - {{ b }}.bp_low) + {{ b }}.bp_high - {{ b }}.bp_low - 1)
            div ({{ b }}.bp_high - {{ b }}.bp_low)
    end
{%- endmacro %}

-- Join condition that finds the one breakpoint row of a concentration.
{% macro in_segment(x, averaging, thousandths, b) -%}
    {{ b }}.rule_version = {{ x }}.rule_version
    and {{ b }}.pollutant_code = {{ x }}.pollutant_code
    and {{ b }}.averaging = {{ averaging }}
    and ({{ thousandths }} > {{ b }}.bp_low or ({{ thousandths }} = 0 and {{ b }}.bp_low = 0))
    and ({{ b }}.bp_high is null or {{ thousandths }} <= {{ b }}.bp_high)
{%- endmacro %}

-- `relation` with rule_version, pollutant_code, averaging and thousandths gains iaqi, iaqi_above (what an undefined index
-- certainly exceeds) and beyond_reason. `fallback`: its column of thousandths for versions that name another table (`use`).
{% macro with_iaqi(relation, fallback=none) -%}
    select
        x.*,
        {%- if fallback %}
        case when b.use_averaging is null then {{ iaqi('x.thousandths', 'b') }} else {{ iaqi('x.' ~ fallback, 'f') }} end as iaqi,
        case
            when b.use_averaging is null and b.bp_high is null and b.iaqi_high is null then b.iaqi_low
            when b.use_averaging is not null and f.bp_high is null and f.iaqi_high is null then coalesce(f.iaqi_low, b.iaqi_low)
        end as iaqi_above,
        coalesce(f.reason, b.reason, 'above the table') as beyond_reason
        {%- else %}
        {{ iaqi('x.thousandths', 'b') }} as iaqi,
        if(b.bp_high is null and b.iaqi_high is null, b.iaqi_low, null) as iaqi_above,
        coalesce(b.reason, 'above the table') as beyond_reason
        {%- endif %}
    from {{ relation }} as x
    left join {{ ref('stg_aqi_breakpoints') }} as b
        on {{ in_segment('x', 'x.averaging', 'x.thousandths', 'b') }}
    {%- if fallback %}
    left join {{ ref('stg_aqi_breakpoints') }} as f
        on {{ in_segment('x', 'b.use_averaging', 'x.' ~ fallback, 'f') }}
    {%- endif %}
{%- endmacro %}
