"""Market entities from the calibrated day to the reference day: each year some are set up and some deregistered."""

from dataclasses import dataclass

import numpy as np

from sample_city.parameters import parameters, words
from sample_city.people import YEAR
from sample_city.randomness import Draws
from sample_city.roll_forward import Period, periods


@dataclass(frozen=True)
class Turnover:
    """How many entities of a slice are set up and how many deregistered in a period."""

    period: Period
    entries: int
    exits: int


def turnovers(reference: np.datetime64) -> list[Turnover]:
    """Entry and exit rates apply to the stock at the start of each period; none for the calibrated day itself."""
    given, stock, found = words("enterprises"), parameters().slice.enterprises, []
    for period in periods(reference):
        share = min(1.0, period.days / YEAR)
        entries, exits = (round(stock * given[rate] * share) for rate in ("entry_rate", "exit_rate"))
        found.append(Turnover(period, entries, exits))
        stock += entries - exits
    return found


def founded(reference: np.datetime64) -> int:
    """Entities of a slice that are set up after the calibrated day."""
    return sum(t.entries for t in turnovers(reference))


def lives_since(
    draws: Draws, number: np.ndarray, may_end: np.ndarray, established: np.ndarray, ended: np.ndarray, reference: np.datetime64
) -> tuple[np.ndarray, np.ndarray]:
    """Days of establishment and end; all arrays are (slices, entities), the last columns are the entities to be set up.

    `may_end`: whether an entity is one that is deregistered at all (bodies and organisations are not).
    """
    established, ended = established.copy(), ended.copy()
    first = number.shape[1] - founded(reference)
    for turn in turnovers(reference):
        new = np.s_[:, first : first + turn.entries]
        established[new] = _days(draws, "set_up_day", number[new], turn.period)
        first += turn.entries
        living = may_end & np.isnat(ended) & (established <= turn.period.start)
        score = draws.uniform(f"deregistered|{turn.period.end}", number) + 10.0 * ~living
        gone = np.argsort(score, axis=1, kind="stable")[:, : turn.exits]
        days = _days(draws, "deregistered_day", np.take_along_axis(number, gone, axis=1), turn.period)
        np.put_along_axis(ended, gone, days, axis=1)
    return established, ended


def _days(draws: Draws, what: str, number: np.ndarray, period: Period) -> np.ndarray:
    after = 1 + draws.below(f"{what}|{period.end}", number, period.days)
    return period.start + after.astype("timedelta64[D]")
