-- One row is one pollutant under one version of the index.
select * from {{ source('reference', 'aqi_pollutants') }}
