-- One row is one forecast of PM2.5 for one station, origin and horizon.
select
    station_id,
    origin_at,
    cast(horizon_hours as bigint) as horizon_hours,
    target_at,
    predicted,
    lower_80,
    upper_80,
    model_name,
    cast(model_version as string) as model_version,
    is_demo_model,
    _data_origin as data_origin
from {{ source('silver', 'environment__pm25_forecasts') }}
