-- One row is one enterprise as it is known now, with the section of its industry; no person is named.
with

sections as (
    select
        cast(edition as string) as edition,
        section,
        cast(first_division as int) as first_division,
        cast(last_division as int) as last_division
    from {{ source('reference', 'industry_sections') }}
),

enterprises as (
    select * from {{ source('silver', 'entity__enterprises') }}
    where valid_to is null
)

select
    enterprises.enterprise_id,
    enterprises.uscc,
    enterprises.name,
    enterprises.class_code,
    enterprises.status_code,
    enterprises.industry_code,
    enterprises.industry_edition,
    sections.section as industry_section,
    enterprises.capital_cny10k,
    enterprises.capital_reason,
    enterprises.established_on,
    enterprises.deregistered_on,
    enterprises.revoked_on,
    left(coalesce(enterprises.operating_division_code, enterprises.registered_division_code), 9) as township_code,
    coalesce(enterprises.operating_grid_code, enterprises.registered_grid_code) as grid_code,
    enterprises.registered_address_text,
    cast(enterprises.employees as bigint) as employees,
    enterprises.is_trading,
    enterprises.parent_id,
    enterprises.valid_from,
    enterprises.data_origin
from enterprises
left join sections
    on enterprises.industry_edition = sections.edition
    and try_cast(left(enterprises.industry_code, 2) as int) between sections.first_division and sections.last_division
