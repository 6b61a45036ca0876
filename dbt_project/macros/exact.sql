-- A measured value as a decimal: sums of binary fractions depend on the order of addition, that is on files and tasks.
{% macro exact(value) -%}
    cast({{ value }} as decimal(28, 9))
{%- endmacro %}
