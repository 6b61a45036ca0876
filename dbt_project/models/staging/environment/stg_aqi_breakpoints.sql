-- One row is one segment of one table of one version; concentrations in whole thousandths, the last segment is open.
select
    * except (bp_low, bp_high),
    cast(bp_low * 1000 as bigint) as bp_low,
    cast(bp_high * 1000 as bigint) as bp_high
from {{ source('reference', 'aqi_breakpoints') }}
