-- One row is one division of the city in force. Those above villages have the areas and outlines of their villages.
with

divisions as (
    select * from {{ ref('stg_divisions') }}
),

-- Every village counts for itself and for each division above it.
parts as (
    select
        divisions.division_code,
        villages.geometry,
        villages.area_m2,
        villages.data_origin
    from divisions
    inner join divisions as villages
        on villages.level = 'village' and left(villages.division_code, length(divisions.division_code)) = divisions.division_code
),

merged as (
    select
        division_code,
        count(*) as n_villages,
        count(geometry) as n_outlines,
        round(sum({{ exact('area_m2') }}) / 1e6, 4) as area_km2,
        -- in one order, so that the outline does not depend on files
        array_sort(collect_list(geometry)) as outlines,
        {{ worst_origin('data_origin') }} as data_origin
    from parts
    group by division_code
),

outlined as (
    select
        *,
        if(n_outlines > 0, st_union(transform(outlines, part -> st_geomfromwkb(part))), null) as outline
    from merged
)

select
    divisions.division_code,
    divisions.name,
    divisions.level,
    divisions.parent_code,
    if(length(divisions.division_code) >= 9, left(divisions.division_code, 9), null) as township_code,
    if(length(divisions.division_code) >= 6, left(divisions.division_code, 6), null) as county_code,
    divisions.urban_rural_code,
    divisions.valid_from,
    cast(outlined.n_villages as bigint) as n_villages,
    cast(outlined.area_km2 as double) as area_km2,
    round(st_x(st_centroid(outlined.outline)), 6) as lon,
    round(st_y(st_centroid(outlined.outline)), 6) as lat,
    st_asgeojson(st_reduceprecision(outlined.outline, 6)) as outline,
    outlined.data_origin
from divisions
inner join outlined on divisions.division_code = outlined.division_code
order by divisions.division_code
