-- Local times are TIMESTAMP_NTZ: the digits of the station's clock, without a zone.

{% macro local_time(instant, zone) -%}
    convert_timezone('UTC', {{ zone }}, cast({{ instant }} as timestamp_ntz))
{%- endmacro %}

{% macro date_key(day) -%}
    cast(year({{ day }}) * 10000 + month({{ day }}) * 100 + day({{ day }}) as bigint)
{%- endmacro %}

-- The run's clock as a UTC instant.
{% macro as_of() -%}
    to_timestamp('{{ var("as_of") }}Z')
{%- endmacro %}

-- A local day is provisional until it has ended and the latency of the contract has passed.
{% macro is_provisional(day, zone) -%}
    {{ as_of() }} < to_utc_timestamp(date_add({{ day }}, 1), {{ zone }}) + make_interval(0, 0, 0, 0, {{ var('latency_hours') }})
{%- endmacro %}
