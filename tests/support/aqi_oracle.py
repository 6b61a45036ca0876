"""HJ 633 by hand: the tables typed from the standard and exact fractions, sharing nothing with the platform's SQL.

Concentrations are `Fraction` in the table's unit (ug/m3; CO mg/m3). None = missing or not defined by that version.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)
ORDER = ("pm25", "pm10", "so2", "no2", "co", "o3")
DECIMALS = {"pm25": 0, "pm10": 0, "so2": 0, "no2": 0, "co": 1, "o3": 0}

SAME_IN_BOTH = {
    ("so2", "24h"): (0, 50, 150, 475, 800, 1600, 2100, 2620),
    ("so2", "1h"): (0, 150, 500, 650, 800),
    ("no2", "24h"): (0, 40, 80, 180, 280, 565, 750, 940),
    ("no2", "1h"): (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    ("co", "24h"): (0, 2, 4, 14, 24, 36, 48, 60),
    ("co", "1h"): (0, 5, 10, 35, 60, 90, 120, 150),
    ("o3", "1h"): (0, 160, 200, 300, 400, 800, 1000, 1200),
    ("o3", "8h"): (0, 100, 160, 215, 265, 800),
}
TABLES = {
    2012: SAME_IN_BOTH
    | {("pm10", "24h"): (0, 50, 150, 250, 350, 420, 500, 600), ("pm25", "24h"): (0, 35, 75, 115, 150, 250, 350, 500)},
    2026: SAME_IN_BOTH
    | {("pm10", "24h"): (0, 50, 120, 250, 350, 420, 500, 600), ("pm25", "24h"): (0, 35, 60, 115, 150, 250, 350, 500)},
}
BEYOND_2026 = {("so2", "1h"): 200, ("o3", "8h"): 300}
DAILY = {"pm25": "24h", "pm10": "24h", "so2": "24h", "no2": "24h", "co": "24h", "o3": "8h"}


def half_even(value: Fraction, decimals: int) -> Fraction:
    """GB/T 8170: to the nearest; a half goes to the even neighbour."""
    scaled = value * 10**decimals
    low = floor(scaled)
    rest = scaled - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1)
    return Fraction(low + up, 10**decimals)


def iaqi(version: int, pollutant: str, averaging: str, concentration: Fraction | None) -> int | None:
    """IAQI of one (already rounded) concentration; None beyond the 2012 table."""
    if concentration is None:
        return None
    table = TABLES[version][pollutant, averaging]
    for i in range(1, len(table)):
        if concentration <= table[i]:
            low, high = table[i - 1], table[i]
            return ceil(Fraction(INDEX[i] - INDEX[i - 1], high - low) * (concentration - low) + INDEX[i - 1])
    return BEYOND_2026.get((pollutant, averaging), 500) if version == 2026 else None


def hourly_iaqi(version: int, pollutant: str, concentration: Fraction | None) -> int | None:
    """IAQI of one hour's mean: 1 h tables; particles have an hourly report only in 2026, by the 24 h table."""
    if concentration is None or (version == 2012 and pollutant.startswith("pm")):
        return None
    averaging = "24h" if pollutant.startswith("pm") else "1h"
    return iaqi(version, pollutant, averaging, half_even(concentration, DECIMALS[pollutant]))


@dataclass(frozen=True)
class Day:
    """What the standard says of one day."""

    concentration: dict[str, Fraction | None]
    iaqi: dict[str, int | None]
    aqi: int | None
    primary: tuple[str, ...]
    level: int | None


def mean(values: list[Fraction]) -> Fraction:
    """Exact, over the values' common denominator, which is many times faster than adding fraction to fraction."""
    scale = lcm(*(value.denominator for value in values))
    return Fraction(sum(value.numerator * (scale // value.denominator) for value in values), scale * len(values))


def day_concentration(pollutant: str, hours: list[Fraction | None]) -> Fraction | None:
    """24 h mean (20 hours), or for ozone the largest 8 h mean (6 of 8 hours) of those ending 08-24 h (14 of 17)."""
    if pollutant != "o3":
        valid = [h for h in hours if h is not None]
        return half_even(mean(valid), DECIMALS[pollutant]) if len(valid) >= 20 else None
    means = []
    for end in range(8, 25):
        valid = [h for h in hours[end - 8 : end] if h is not None]
        if len(valid) >= 6:
            means.append(mean(valid))
    return half_even(max(means), 0) if len(means) >= 14 else None


def judge_day(version: int, hours: dict[str, list[Fraction | None]]) -> Day:
    """The daily report from 24 hourly values per pollutant (index = hour of the local day)."""
    concentration = {p: day_concentration(p, hours.get(p, [None] * 24)) for p in ORDER}
    index = {p: iaqi(version, p, DAILY[p], c) for p, c in concentration.items()}
    if version == 2012 and (concentration["o3"] or 0) > 800:
        one_hour = max(h for h in hours["o3"] if h is not None)
        index["o3"] = iaqi(2012, "o3", "1h", half_even(one_hour, 0))
    beyond = tuple(p for p in ORDER if concentration[p] is not None and index[p] is None)
    known = [i for i in index.values() if i is not None]
    if beyond:
        return Day(concentration, index, None, beyond, 6)
    if not known or (version == 2026 and len(known) < 6 and max(known) <= 100):
        return Day(concentration, index, None, (), None)
    aqi = max(known)
    primary = tuple(p for p in ORDER if index[p] == aqi) if aqi > 50 else ()
    return Day(concentration, index, aqi, primary, level(aqi))


def level(aqi: int) -> int:
    return 1 + sum(aqi > top for top in (50, 100, 150, 200, 300))
