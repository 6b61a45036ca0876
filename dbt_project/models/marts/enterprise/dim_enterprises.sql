-- One row is one enterprise as it is known now; no person is named.
select
    enterprise_id,
    uscc,
    name,
    class_code,
    status_code,
    industry_code,
    industry_edition,
    industry_section,
    capital_cny10k,
    capital_reason,
    established_on,
    revoked_on,
    deregistered_on,
    township_code,
    grid_code,
    registered_address_text,
    employees,
    is_trading,
    parent_id,
    data_origin
from {{ ref('stg_enterprises') }}
order by enterprise_id
