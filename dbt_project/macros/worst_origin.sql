-- The origin of what is made of several rows: the worst of theirs, as in lakehouse/contracts/origin.py.
{% macro worst_origin(column) -%}
    case
        {% for origin in ['synthetic', 'test_vector', 'public_reference'] -%}
        when bool_or({{ column }} = '{{ origin }}') then '{{ origin }}'
        {% endfor -%}
        else 'operational'
    end
{%- endmacro %}
