-- One row is one weather observation of one station.
select
    station_id,
    observed_at,
    temp_c,
    dew_point_c,
    rh_pct,
    press_hpa,
    wind_ms,
    wind_deg,
    rain_mm,
    visibility_m,
    _data_origin as data_origin,
    _event_month as event_month
from {{ source('silver', 'environment__weather') }}
