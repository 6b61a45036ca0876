"""The tables that forecasts read, written without an engine: hours of gold and when silver says each was known."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lakehouse import tables

POLLUTANTS = {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3"}
WEATHER = {"TEMP": "temp_c", "PRES": "press_hpa", "DEWP": "dew_point_c", "RAIN": "rain_mm", "WSPM": "wind_ms"}
POINTS = dict(zip("N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split(), np.arange(16) * 22.5, strict=True))
DELAY = timedelta(hours=2)  # an hour ends one hour after its start and is published one hour later


Hours = Mapping[str, Mapping[str, np.ndarray]]


def write_air(hours: Hours, start: datetime, late: Mapping[tuple, datetime] | None = None) -> None:
    """Write `hours` (station -> pollutant -> values from `start` on). `late` overrides when single values became
    available, by (station, pollutant, position)."""
    parts = []
    for station, by_pollutant in hours.items():
        for pollutant, values in by_pollutant.items():
            at = pd.date_range(start, periods=len(values), freq="h").as_unit("us")
            known = pd.Series(at + DELAY)
            for (s, p, position), moment in (late or {}).items():
                if (s, p) == (station, pollutant):
                    known[position] = moment
            columns = {"station_id": station, "pollutant_code": pollutant, "hour_at": at, "value": values, "known": known}
            parts.append(pd.DataFrame(columns))
    rows = pd.concat(parts, ignore_index=True)
    gold = rows.drop(columns="known").assign(data_origin="public_reference")
    tables.replace("gold.fct_air_quality_hourly", _arrow(gold))
    silver = rows[["station_id", "pollutant_code", "hour_at"]].assign(_available_at=rows.known)
    tables.replace("silver.environment__air_quality_hourly", _arrow(silver))


def write_weather(stations: Mapping[str, pd.DataFrame], start: datetime) -> None:
    """Write weather (station -> frame with the gold table's columns, one row an hour from `start` on)."""
    parts = [
        frame.assign(station_id=station, hour_at=pd.date_range(start, periods=len(frame), freq="h").as_unit("us"))
        for station, frame in stations.items()
    ]
    rows = pd.concat(parts, ignore_index=True)
    tables.replace("gold.agg_weather_hourly", _arrow(rows))
    known = rows[["station_id"]].assign(observed_at=rows.hour_at, _available_at=rows.hour_at + DELAY)
    tables.replace("silver.environment__weather", _arrow(known))


def write_prsa(files: list[Path]) -> None:
    """Write the PRSA files (hourly, UTC+8, CO in ug/m3) as gold holds them; all files must cover the same hours."""
    air, weather = {}, {}
    for file in files:
        raw = pd.read_csv(file, na_values="NA")
        first = raw.iloc[0]
        start = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=8)
        raw["CO"] /= 1000
        station = f"prsa-{raw.station[0].lower()}"
        air[station] = {code: raw[column].to_numpy(float) for column, code in POLLUTANTS.items()}
        weather[station] = raw.rename(columns=WEATHER)[list(WEATHER.values())].assign(wind_deg=raw.wd.map(POINTS))
    write_air(air, start)
    write_weather(weather, start)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)
