-- One row is one version of the air quality index; open validity becomes the ends of the calendar.
select
    * except (valid_from, valid_to),
    coalesce(valid_from, date '1900-01-01') as valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to
from {{ source('reference', 'aqi_rules') }}
