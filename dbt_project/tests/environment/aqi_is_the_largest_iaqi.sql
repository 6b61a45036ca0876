-- The AQI is the largest IAQI of the day, and the primary pollutants are those that reach it above 50.
with

days as (
    select
        *,
        concat_ws(
            ',',
            {% for p in pollutants() -%}
            if(iaqi_{{ p }} = aqi, '{{ p }}', null){{ ',' if not loop.last }}
            {% endfor %}
        ) as reach_it
    from {{ ref('agg_air_quality_daily') }}
    where aqi is not null
)

select * from days
where aqi <> greatest({% for p in pollutants() %}iaqi_{{ p }}{{ ', ' if not loop.last }}{% endfor %})
    or coalesce(primary_pollutants, '') <> if(aqi > 50, reach_it, '')
    or level is null
