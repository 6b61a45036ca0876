-- The unit grids of a community have its area, to the hundred square metres to which areas of divisions are rounded.
with

grids as (
    select
        community_code,
        count(*) as n_grids,
        sum(area_m2) as area_m2
    from {{ ref('dim_unit_grids') }}
    group by community_code
),

divisions as (
    select * from {{ ref('dim_divisions') }}
)

select
    grids.community_code,
    grids.area_m2,
    divisions.area_km2
from grids
inner join divisions on grids.community_code = divisions.division_code
where abs(grids.area_m2 - divisions.area_km2 * 1e6) > 52 + 0.05 * grids.n_grids
