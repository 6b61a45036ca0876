"""Hourly observations as arrays of station x hour, each value with the hour from which it was known."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from lakehouse import tables

AIR = "gold.fct_air_quality_hourly"
WEATHER = "gold.agg_weather_hourly"
POLLUTANTS = ("pm25", "pm10", "so2", "no2", "co", "o3")
WEATHER_COLUMNS = ("temp_c", "dew_point_c", "press_hpa", "wind_ms", "wind_deg", "rain_mm")
NEVER = np.iinfo(np.int32).max
HOUR = timedelta(hours=1)

AIR_SQL = f"""
select station_id, hour_at as at, pollutant_code as variable, value::double as value, _available_at as available_at
from {AIR} where value is not null and pollutant_code in {POLLUTANTS} and hour_at >= $since
"""
WEATHER_SQL = f"""
select station_id, hour_at as at, variable, value, available_at from (
    unpivot (select station_id, hour_at, _available_at as available_at, {{columns}} from {WEATHER} where hour_at >= $since)
    on {{names}} into name variable value value)
"""


@dataclass(frozen=True)
class Panel:
    """Values of every variable on one hourly grid.

    `values[name]` is float64 [stations, hours], NaN where nothing was measured; column i is the hour that starts
    at `start` + i. `known[name]` is int32 [stations, hours]: the first column index at whose start the value was
    available (`_available_at` rounded up to the hour), NEVER where there is no value.
    """

    stations: tuple[str, ...]
    start: datetime
    values: dict[str, np.ndarray]
    known: dict[str, np.ndarray]

    @property
    def hours(self) -> int:
        return self.values["pm25"].shape[1]

    def hour_at(self, index: int) -> datetime:
        return self.start + int(index) * HOUR

    def index(self, at: datetime) -> int:
        return int((at - self.start) // HOUR)

    def last_origin(self) -> int:
        """Index of the hour at whose start the newest PM2.5 value had become available."""
        known = self.known["pm25"]
        return int(known[known != NEVER].max())

    def extended_to(self, hours: int) -> "Panel":
        """The same panel with empty hours at its end, so that origins after the last observation have a column."""
        extra = ((0, 0), (0, max(0, hours - self.hours)))
        return replace(
            self,
            values={k: np.pad(v, extra, constant_values=np.nan) for k, v in self.values.items()},
            known={k: np.pad(v, extra, constant_values=NEVER) for k, v in self.known.items()},
        )


def read_panel(since: datetime | None = None) -> Panel:
    """Panel of the gold tables from `since` on; an absent weather table leaves the weather values empty."""
    names = [n for n in (AIR, WEATHER) if tables.exists(n)]
    if AIR not in names:
        raise LookupError(f"{AIR} does not exist: run the stage `gold` first (`lake run --only gold`).")
    since = since or datetime(1970, 1, 1, tzinfo=UTC)
    with tables.duck(*names) as db:
        db.execute("set timezone = 'UTC'")
        long = db.execute(AIR_SQL, {"since": since}).df()
        if WEATHER in names:
            columns = ", ".join(f"{c}::double as {c}" for c in WEATHER_COLUMNS)
            query = WEATHER_SQL.format(columns=columns, names=", ".join(WEATHER_COLUMNS))
            long = pd.concat([long, db.execute(query, {"since": since}).df()], ignore_index=True)
    return panel_of(long)


def panel_of(long: pd.DataFrame) -> Panel:
    """Panel of rows (station_id, at, variable, value, available_at); stations are those that measure PM2.5.

    Raises LookupError if there is no PM2.5 value at all.
    """
    pm25 = long[long.variable == "pm25"]
    if pm25.empty:
        raise LookupError(f"{AIR} holds no PM2.5 value: nothing to forecast. Deliver air-quality readings first.")
    stations = tuple(sorted(pm25.station_id.unique()))
    long = long[long.station_id.isin(stations)]
    start = pd.Timestamp(long["at"].min()).floor("h")
    column = ((long["at"] - start) // pd.Timedelta(HOUR)).to_numpy()
    known = np.ceil((long["available_at"] - start) / pd.Timedelta(HOUR)).to_numpy()
    shape = (len(stations), int(column.max()) + 1)
    row = pd.Categorical(long.station_id, categories=stations).codes
    values, knowns = {}, {}
    for name in POLLUTANTS + WEATHER_COLUMNS:
        of = (long.variable == name).to_numpy()
        values[name] = np.full(shape, np.nan)
        knowns[name] = np.full(shape, NEVER, dtype=np.int32)
        values[name][row[of], column[of]] = long["value"].to_numpy()[of]
        knowns[name][row[of], column[of]] = known[of]
    return Panel(stations, start.to_pydatetime(), values, knowns)
