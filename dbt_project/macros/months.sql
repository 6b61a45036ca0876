-- The months of a run (var `months`, UTC; null = all). The run names months only when all gold tables exist.
-- A local month also takes hours of the UTC months beside it.

-- Condition on a month: one of the run's, or up to `beside` months from one.
{% macro in_months(column, beside=0) -%}
    {%- if var('months') is none -%}
        true
    {%- else -%}
        {{ column }} in ({{ month_list(beside) }})
    {%- endif -%}
{%- endmacro %}

-- Date literals of the run's months and of those up to `beside` months from each.
{% macro month_list(beside) -%}
    {%- set found = [] -%}
    {%- for month in var('months') -%}
        {%- set parts = month.split('-') -%}
        {%- for shift in range(-beside, beside + 1) -%}
            {%- set count = (parts[0] | int) * 12 + (parts[1] | int) - 1 + shift -%}
            {%- set literal = "date'%04d-%02d-01'" % (count // 12, count % 12 + 1) -%}
            {%- if literal not in found -%}{%- do found.append(literal) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ found | join(', ') }}
{%- endmacro %}

-- insert_overwrite replaces only months that have rows; months of the run that became empty are deleted first.
-- `present` selects the months that have rows (Delta's DELETE takes no subquery, so they are fetched).
{% macro delete_emptied_months(present, beside=0) -%}
    {%- if is_incremental() and execute -%}
        delete from {{ this }}
        where {{ in_months('event_month', beside) }}
        {%- for row in run_query(present) %}
            and event_month <> date'{{ row[0] }}'
        {%- endfor -%}
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}
