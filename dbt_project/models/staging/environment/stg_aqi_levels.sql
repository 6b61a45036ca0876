-- One row is one level of one version of the index.
select * from {{ source('reference', 'aqi_levels') }}
