"""Hourly observations as arrays of station x hour, each value with the hour from which it was known."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from lakehouse import tables

AIR, WEATHER = "gold.fct_air_quality_hourly", "gold.agg_weather_hourly"
AIR_KNOWN, WEATHER_KNOWN = "silver.environment__air_quality_hourly", "silver.environment__weather"
POLLUTANTS = ("pm25", "pm10", "so2", "no2", "co", "o3")
WEATHER_COLUMNS = ("temp_c", "dew_point_c", "press_hpa", "wind_ms", "wind_deg", "rain_mm")
VARIABLES = POLLUTANTS + WEATHER_COLUMNS
NEVER = np.iinfo(np.int32).max
HOUR = timedelta(hours=1)
SHORTEST_HISTORY_HOURS = 90 * 24

STATIONS_SQL = f"""
select station_id from {AIR} where pollutant_code = 'pm25' and value is not null and data_origin <> 'test_vector'
group by station_id having count(*) >= {SHORTEST_HISTORY_HOURS} order by station_id
"""
# The value is gold's; when it became known stands with the silver row that it was made of.
AIR_SQL = f"""
select list_position($stations, a.station_id) - 1 as station, list_position($variables, a.pollutant_code) - 1 as variable,
       epoch(a.hour_at)::bigint // 3600 as hour, a.value, ceil(epoch(k._available_at) / 3600)::bigint as known
from {AIR} a join {AIR_KNOWN} k using (station_id, pollutant_code, hour_at)
where a.value is not null and list_contains($stations, a.station_id)
  and list_contains($variables, a.pollutant_code) and a.hour_at >= $since
"""
WEATHER_SQL = f"""
with known as (
    select station_id, date_trunc('hour', observed_at) as hour_at, max(_available_at) as known_at
    from {WEATHER_KNOWN} group by all
), measured as (
    select w.station_id, w.hour_at, known_at, {", ".join(f"w.{c}::double as {c}" for c in WEATHER_COLUMNS)}
    from {WEATHER} w join known using (station_id, hour_at)
    where list_contains($stations, w.station_id) and w.hour_at >= $since
)
select list_position($stations, station_id) - 1 as station, list_position($variables, name) - 1 as variable,
       epoch(hour_at)::bigint // 3600 as hour, value, ceil(epoch(known_at) / 3600)::bigint as known
from (unpivot measured on {", ".join(WEATHER_COLUMNS)} into name name value value)
"""


@dataclass(frozen=True)
class Panel:
    """Values of every variable on one hourly grid.

    `values[name]` is float64 [stations, hours], NaN where nothing was measured; column i is the hour that starts
    at `start` + i. `known[name]` is int32 [stations, hours]: the first column at whose start the value was
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

    def extended_to(self, hours: int) -> "Panel":
        """The same panel with empty hours at its end, so that hours after the last observation have a column."""
        extra = ((0, 0), (0, max(0, hours - self.hours)))
        return replace(
            self,
            values={k: np.pad(v, extra, constant_values=np.nan) for k, v in self.values.items()},
            known={k: np.pad(v, extra, constant_values=NEVER) for k, v in self.known.items()},
        )


def inputs() -> tuple[str, ...]:
    """The tables that features are read from, as far as they exist; weather may be absent, air quality may not.

    Raises LookupError if there is no air quality.
    """
    if missing := [n for n in (AIR, AIR_KNOWN) if not tables.exists(n)]:
        raise LookupError(f"{' and '.join(missing)} do not exist: run the stages before first (`lake run`).")
    return tuple(n for n in (AIR, AIR_KNOWN, WEATHER, WEATHER_KNOWN) if tables.exists(n))


def eligible_stations() -> tuple[str, ...]:
    """Stations with enough PM2.5 history (90 days of hours) to learn from; test vectors never count."""
    with tables.duck(AIR) as db:
        return tuple(row[0] for row in db.execute(STATIONS_SQL).fetchall())


def read_panel(stations: tuple[str, ...], since: datetime | None = None) -> Panel:
    """Panel of the gold tables from `since` on. Raises LookupError if these stations have no PM2.5 value there."""
    names = inputs()
    given = {"stations": list(stations), "variables": list(VARIABLES), "since": since or datetime(1970, 1, 1, tzinfo=UTC)}
    queries = [AIR_SQL, *([WEATHER_SQL] if {WEATHER, WEATHER_KNOWN} <= set(names) else [])]
    with tables.duck(*names) as db:
        rows = pd.concat([db.execute(query, given).df() for query in queries], ignore_index=True)
    return panel_of(stations, rows)


def panel_of(stations: tuple[str, ...], rows: pd.DataFrame) -> Panel:
    """Panel of `rows` (station and variable as positions, hour and known as whole hours since 1970, value)."""
    if not (rows.variable == VARIABLES.index("pm25")).any():
        raise LookupError(f"{AIR} holds no PM2.5 value of {', '.join(stations) or 'any station with 90 days of history'}.")
    first = int(rows.hour.min())
    shape = (len(stations), int(rows.hour.max()) - first + 1)
    values = {name: np.full(shape, np.nan) for name in VARIABLES}
    known = {name: np.full(shape, NEVER, dtype=np.int32) for name in VARIABLES}
    for variable, of in rows.groupby("variable"):
        place = of.station.to_numpy(), of.hour.to_numpy() - first
        values[VARIABLES[variable]][place] = of.value.to_numpy()
        known[VARIABLES[variable]][place] = of.known.to_numpy() - first
    return Panel(stations, datetime.fromtimestamp(first * 3600, UTC), values, known)


def last_origin(panel: Panel, as_of: datetime) -> int:
    """Index of the newest possible origin: when the last PM2.5 value had become available, and not after `as_of`."""
    known, now = panel.known["pm25"], panel.index(as_of)
    reached = known[(known != NEVER) & (known <= now)]
    if not reached.size:
        raise LookupError(f"No PM2.5 value was available by {as_of:%Y-%m-%d %H:%M} UTC; set LAKE_AS_OF to a later time.")
    return int(reached.max())
