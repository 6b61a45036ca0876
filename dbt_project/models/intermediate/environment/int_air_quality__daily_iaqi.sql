-- One row is one pollutant on one local day of one station under one rule version, with its IAQI.
with

rounded as (
    select
        *,
        {{ rounded_thousandths('concentration', 'decimals') }} as thousandths,
        {{ rounded_thousandths('fallback_concentration', 'decimals') }} as fallback_thousandths
    from {{ ref('int_air_quality__daily_concentrations') }}
)

select
    *,
    coalesce(missing_reason, if(iaqi is null, concat(pollutant_code, ': ', beyond_reason), null)) as reason
from ({{ with_iaqi('rounded', fallback='fallback_thousandths') }})
