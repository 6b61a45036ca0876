"""Cases of the air quality index: concentrations at, just below and just above every breakpoint, and worked days."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from tests.support import aqi_oracle as oracle

STEP = {p: Fraction(1, 10) if p == "co" else Fraction(1) for p in oracle.ORDER}
"""Smallest difference that rounding keeps."""


@dataclass(frozen=True)
class StationDay:
    """24 hourly values per pollutant on one local day (None = missing)."""

    station: str
    day: date
    hours: dict[str, list[Fraction | None]]

    def judge(self, version: int) -> oracle.Day:
        return oracle.judge_day(version, self.hours)


def edges(pollutant: str, averaging: str) -> list[Fraction]:
    """At each breakpoint of either version: the point, one step and a little beside it, and a tie of rounding."""
    step, found = STEP[pollutant], set()
    for breakpoint_ in {b for t in oracle.TABLES.values() for b in t[pollutant, averaging]}:
        for shift in (-step, -step * Fraction(2, 5), 0, step / 2, step * Fraction(3, 5), step, step * 7 / 2):
            found.add(breakpoint_ + shift)
    top = max(found)
    return sorted(v for v in found | {top + 100 * step, top * 2} if v >= 0)


def edge_days(station: str, first: date) -> Iterator[StationDay]:
    """One day per edge of the daily tables; only that pollutant is measured, the same in every hour."""
    number = 0
    for pollutant in oracle.ORDER:
        for value in edges(pollutant, oracle.DAILY[pollutant]):
            yield StationDay(station, first + timedelta(days=number), {pollutant: [value] * 24})
            number += 1


def whole_days(station: str, first: date, count: int, seed: int) -> Iterator[StationDay]:
    """Days on which all six are measured at changing heights, with gaps around the minimum numbers of hours."""
    dice = random.Random(seed)
    scale = {"pm25": 620, "pm10": 700, "so2": 2900, "no2": 1000, "co": 66, "o3": 420}
    for number in range(count):
        height = dice.choice((0.05, 0.1, 0.2, 0.4, 1.0))
        hours = {p: _hours(dice, scale[p] * height) for p in oracle.ORDER}
        yield StationDay(station, first + timedelta(days=number), hours)


def _hours(dice: random.Random, top: float) -> list[Fraction | None]:
    values: list[Fraction | None] = [Fraction(str(round(dice.uniform(0, top), dice.choice((0, 1, 4))))) for _ in range(24)]
    for missing in dice.sample(range(24), dice.choice((0, 0, 0, 2, 3, 4, 5, 6, 9, 24))):
        values[missing] = None
    return values


WORKED = [
    # PM2.5, PM10, SO2, NO2, CO, O3-8h; IAQI in the same order, AQI, primary: 2012, then 2026
    ((45, 80, 35, 85, "3", 140), (63, 65, 35, 103, 75, 84), 103, "no2", (70, 72, 35, 103, 75, 84), 103, "no2"),
    ((75, 150, 150, 80, "4", 160), (100,) * 6, 100, ",".join(oracle.ORDER), (114, 112, 100, 100, 100, 100), 114, "pm25"),
    ((60, 120, 150, 80, "4", 160), (82, 85, 100, 100, 100, 100), 100, "so2,no2,co,o3", (100,) * 6, 100, ",".join(oracle.ORDER)),
    ((36, 51, 51, 41, "2.1", 101), (52, 51, 51, 52, 53, 51), 53, "co", (52, 51, 51, 52, 53, 51), 53, "co"),
    ((120, 200, 20, 60, "1.2", 180), (158, 125, 20, 75, 30, 119), 158, "pm25", (158, 131, 20, 75, 30, 119), 158, "pm25"),
    ((35, 50, 50, 40, "2", 100), (50,) * 6, 50, None, (50,) * 6, 50, None),
    ((251, 421, 801, 281, "24.1", 266), (301, 302, 201, 201, 201, 201), 302, "pm10", (301, 302, 201, 201, 201, 201), 302, "pm10"),
]  # fmt: skip
"""Worked daily values of both versions, as published beside the standard."""
