-- One row is one enterprise whose life begins on a known day: the months of its birth, revocation and end.
select
    enterprise_id,
    coalesce(township_code, 'unknown') as township_code,
    coalesce(industry_section, 'unknown') as industry_section,
    coalesce(class_code, 'unknown') as class_code,
    capital_cny10k,
    is_trading,
    cast(trunc(established_on, 'MM') as date) as born_in,
    cast(trunc(deregistered_on, 'MM') as date) as died_in,
    cast(trunc(revoked_on, 'MM') as date) as revoked_in,
    cast(trunc(valid_from, 'MM') as date) as known_in,
    data_origin
from {{ ref('stg_enterprises') }}
where established_on is not null
