-- The townships of a county and the villages of a township have its area and its number of villages, to a thousandth of a square kilometre.
with

divisions as (
    select * from {{ ref('dim_divisions') }}
),

parts as (
    select
        parent_code,
        sum(area_km2) as area_km2,
        sum(n_villages) as n_villages
    from divisions
    group by parent_code
)

select
    divisions.division_code,
    divisions.area_km2,
    parts.area_km2 as area_of_parts
from divisions
inner join parts on divisions.division_code = parts.parent_code
where divisions.n_villages <> parts.n_villages or abs(divisions.area_km2 - parts.area_km2) > 1e-3
