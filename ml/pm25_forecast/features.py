"""Features of a forecast origin, made only of what was known at that origin (`_available_at` <= origin).

An origin is the start of an hour. A forecast for horizon h made at origin t is for the hour that starts at t + h.
Values are ug/m3 (CO mg/m3); weather is that of the origin, never a later one.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ml.pm25_forecast.method import HORIZONS, LOOK_BACK, STEPS_BACK, WINDOWS
from ml.pm25_forecast.panel import POLLUTANTS, Panel

WEEK = 168
LONGEST_LOOK_BACK = 4 * WEEK + LOOK_BACK


@dataclass(frozen=True)
class Examples:
    """Rows of one horizon: `x` float32 [n, features]; `station`, `origin` (column of the panel) int32 [n];
    `actual` float64 [n], NaN if not measured; `label_known` int32 [n], when the actual became available;
    `persistence` and `hour_of_week` float64 [n], the baselines' forecasts."""

    x: np.ndarray
    names: tuple[str, ...]
    station: np.ndarray
    origin: np.ndarray
    actual: np.ndarray
    label_known: np.ndarray
    persistence: np.ndarray
    hour_of_week: np.ndarray

    def __len__(self) -> int:
        return len(self.origin)

    def where(self, mask: np.ndarray) -> "Examples":
        cut = {k: v if k == "names" else v[mask] for k, v in vars(self).items()}
        return Examples(**cut)


class FeatureBuilder:
    """Builds the examples of every horizon for origins `first` .. `last` (columns of the panel, inclusive)."""

    def __init__(self, panel: Panel, first: int, last: int, zone: str = "Asia/Shanghai"):
        self.panel, self.zone = panel.extended_to(last + max(HORIZONS) + 1), ZoneInfo(zone)
        self.origins = np.arange(first, last + 1, dtype=np.int32)
        self.columns: dict[str, np.ndarray] = {}
        self._build()

    def _at(self, name: str, index: np.ndarray) -> np.ndarray:
        """Values of `name` at panel columns `index` [origins] or [stations, origins]; NaN where out of range or not yet known."""
        values, known = self.panel.values[name], self.panel.known[name]
        index = np.broadcast_to(index, (len(self.panel.stations), len(self.origins)))
        inside = (index >= 0) & (index < values.shape[1])
        rows, safe = np.arange(len(values))[:, None], np.where(inside, index, 0)
        return np.where(inside & (known[rows, safe] <= self.origins), values[rows, safe], np.nan)

    def _last_known(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(column of the newest value known at the origin, -1 if none within LOOK_BACK; that value)."""
        where = np.full((len(self.panel.stations), len(self.origins)), -1, dtype=np.int32)
        value = np.full(where.shape, np.nan)
        for back in range(1, LOOK_BACK + 1):
            candidate = self._at(name, self.origins - back)
            new = (where < 0) & ~np.isnan(candidate)
            where[new] = np.broadcast_to(self.origins - back, where.shape)[new]
            value[new] = candidate[new]
        return where, value

    def _window_means(self, name: str, windows: tuple[int, ...]) -> None:
        total = np.zeros((len(self.panel.stations), len(self.origins)))
        square, count = np.zeros_like(total), np.zeros_like(total)
        for back in range(1, max(windows) + 1):
            value = self._at(name, self.origins - back)
            there = ~np.isnan(value)
            total[there] += value[there]
            square[there] += value[there] ** 2
            count += there
            if back in windows:
                mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
                self.columns[f"{name}_mean_{back}h"] = mean
                if back == 24:
                    spread = np.divide(square, count, out=np.full_like(total, np.nan), where=count > 0) - mean**2
                    self.columns[f"{name}_sd_24h"] = np.sqrt(np.maximum(spread, 0))

    def _build(self) -> None:
        where, last = self._last_known("pm25")
        self.columns |= {"pm25_last": last, "pm25_age": np.where(where < 0, np.nan, self.origins - where)}
        for step in STEPS_BACK:
            self.columns[f"pm25_back_{step}h"] = self._at("pm25", np.where(where < 0, -1, where - step))
        self._window_means("pm25", WINDOWS)
        for name in POLLUTANTS[1:]:
            self.columns[f"{name}_last"] = self._last_known(name)[1]
            self._window_means(name, (6, 24))
        self._weather()
        self._city()

    def _weather(self) -> None:
        for name in ("temp_c", "dew_point_c", "press_hpa", "wind_ms", "rain_mm"):
            where, value = self._last_known(name)
            self.columns[f"{name}_last"] = value
            if name in ("temp_c", "dew_point_c", "press_hpa"):
                self.columns[f"{name}_change_24h"] = value - self._at(name, np.where(where < 0, -1, where - 24))
            self._window_means(name, (6, 24))
        where, degrees = self._last_known("wind_deg")
        speed = self._at("wind_ms", where)
        self.columns["wind_east"] = speed * np.sin(np.deg2rad(degrees))
        self.columns["wind_north"] = speed * np.cos(np.deg2rad(degrees))

    def _city(self) -> None:
        """The other stations count too: a front passes over all of them within hours."""
        for name in ("pm25_last", "pm25_back_1h", "pm25_back_3h", "pm25_back_6h", "pm25_mean_24h", "wind_east", "wind_north"):
            there = ~np.isnan(self.columns[name])
            total, count = np.where(there, self.columns[name], 0).sum(0), there.sum(0)
            mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
            self.columns[f"city_{name}"] = np.broadcast_to(mean, there.shape)

    def _of_target(self, horizon: int) -> dict[str, np.ndarray]:
        target = self.origins + horizon
        local = pd.date_range(self.panel.start, periods=self.panel.hours, freq="h").tz_convert(self.zone)[target]
        shape = (len(self.panel.stations), len(self.origins))
        year = 2 * np.pi * local.dayofyear.to_numpy() / 365.25
        weeks = np.stack([self._at("pm25", target - WEEK * m) for m in (1, 2, 3, 4)])
        there = ~np.isnan(weeks)
        count = there.sum(0)
        habitual = np.divide(np.where(there, weeks, 0).sum(0), count, out=np.full(shape, np.nan), where=count > 0)
        calendar = {"hour": local.hour, "weekday": local.dayofweek, "year_sin": np.sin(year), "year_cos": np.cos(year)}
        return {
            "station": np.broadcast_to(np.arange(shape[0])[:, None], shape),
            "hour_of_week_mean": habitual,
            "pm25_same_hour_yesterday": self._at("pm25", target - 24),
            "pm25_same_hour_before": self._at("pm25", target - 48),
            **{k: np.broadcast_to(np.asarray(v, dtype=float), shape) for k, v in calendar.items()},
        }

    def examples(self, horizon: int) -> Examples:
        """One row per station and origin with a recent value, for the hour that starts `horizon` hours after the origin."""
        columns = self.columns | self._of_target(horizon)
        target = self.origins + horizon
        keep = ~np.isnan(self.columns["pm25_last"])
        station, position = np.nonzero(keep)
        return Examples(
            x=np.column_stack([v[keep].astype(np.float32) for v in columns.values()]),
            names=tuple(columns),
            station=station.astype(np.int32),
            origin=self.origins[position],
            actual=self.panel.values["pm25"][:, target][keep],
            label_known=self.panel.known["pm25"][:, target][keep],
            persistence=self.columns["pm25_last"][keep],
            hour_of_week=columns["hour_of_week_mean"][keep],
        )
