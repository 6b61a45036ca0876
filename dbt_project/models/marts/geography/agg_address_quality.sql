-- One row is one township and one quality: how many addresses, as departments write them, were found on the map and how well.
with

texts as (
    select
        coalesce(left(division_code, 9), 'unknown') as township_code,
        coalesce(geocode_quality, 'none') as geocode_quality,
        data_origin
    from {{ ref('stg_address_texts') }}
)

select
    township_code,
    geocode_quality,
    count(*) as texts,
    {{ worst_origin('data_origin') }} as data_origin
from texts
group by township_code, geocode_quality
order by township_code, geocode_quality
