-- A KPI value is its numerator over its denominator, but for the rounding that its definition states.
with

kpis as (
    select * from {{ ref('fct_kpi_values') }}
),

definitions as (
    select distinct kpi_id, kpi_version, unit, decimals from {{ ref('stg_kpis') }}
)

select kpis.*
from kpis
inner join definitions on kpis.kpi_id = definitions.kpi_id and kpis.kpi_version = definitions.kpi_version
where kpis.denominator > 0
    and kpis.numerator is not null
    and coalesce(
        abs(kpis.value - if(definitions.unit = '%', 100, 1) * kpis.numerator / kpis.denominator)
        > 0.5 * pow(10, -definitions.decimals) + 1e-6,
        true
    )
