"""Real readings to send: the hourly files of the Beijing multi-site air-quality data set (PRSA)."""

from __future__ import annotations

import csv
import gzip
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

ZONE = "Asia/Shanghai"
POLLUTANTS = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3")
WEATHER = ("TEMP", "PRES", "DEWP", "RAIN", "WSPM", "wd")


@dataclass(frozen=True)
class HourReading:
    """One row: `start` of the hour in Beijing time without zone; `values` by column as text, NA is None.

    Units: pollutants ug/m3 (CO too), TEMP and DEWP degrees Celsius, PRES hPa, RAIN mm, WSPM m/s, wd a point
    of the compass.
    """

    station: str
    start: datetime
    values: dict[str, str | None]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=1)


def read_hours(path: Path) -> Iterator[HourReading]:
    """Rows of one file (.csv or .csv.gz) in its order."""
    opened = gzip.open(path, "rt", encoding="ascii") if path.suffix == ".gz" else path.open(encoding="ascii")
    with opened as file:
        for row in csv.DictReader(file):
            start = datetime(*(int(row[name]) for name in ("year", "month", "day", "hour")))
            values = {name: None if row[name] == "NA" else row[name] for name in POLLUTANTS + WEATHER}
            yield HourReading(row["station"], start, values)


def read_stations(paths: Iterable[Path]) -> Iterator[HourReading]:
    """Rows of several files by time, then station: as a network of stations would send them."""
    return heapq.merge(*map(read_hours, paths), key=lambda reading: (reading.start, reading.station))
