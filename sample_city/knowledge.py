"""When departments learn what happened, and which address they hold: lags in days by department (assumed)."""

from dataclasses import dataclass

import numpy as np

from sample_city.city import City
from sample_city.defects.rates import Rates
from sample_city.people import DEAD, FLOATING, MOVED_OUT
from sample_city.randomness import Draws

LONG_AGO, NEVER = np.datetime64("1900-01-01"), np.datetime64("2999-12-31")
BIRTH_LAG, MOVE_LAG, DEATH_LAG = (5, 60), (1, 5), (3, 90)
HOME_MOVE_LAG = (10, 120)


@dataclass(frozen=True)
class PoliceView:
    """Days on which the police register takes a person in, strikes them off, and learns of a new home; one row a person."""

    entered: np.ndarray
    struck: np.ndarray
    rehoused: np.ndarray

    def holds(self, day: np.datetime64) -> np.ndarray:
        return (self.entered <= day) & (self.struck > day)


@dataclass(frozen=True)
class Office:
    """What a view works with: the city, the random numbers, the police's days, the rates of defects that lie in what is known."""

    draws: Draws
    city: City
    police: PoliceView
    rates: Rates


def lag(draws: Draws, stream: str, number: np.ndarray, days: tuple[int, int]) -> np.ndarray:
    return draws.between(stream, number, *days).astype("timedelta64[D]")


def police_view(draws: Draws, city: City) -> PoliceView:
    people = city.people
    number, resident = people.number, people.kind != FLOATING
    born_this_year = people.birth > city.reference - 365
    entered = np.where(resident, LONG_AGO, NEVER)
    came = ~np.isnat(people.moved_in) & resident
    entered = np.where(came, people.moved_in + lag(draws, "psb_move_in_lag", number, MOVE_LAG), entered)
    entered = np.where(born_this_year, people.birth + lag(draws, "psb_birth_lag", number, BIRTH_LAG), entered)
    struck = np.where(people.kind == DEAD, people.left + lag(draws, "psb_death_lag", number, DEATH_LAG), NEVER)
    struck = np.where(people.kind == MOVED_OUT, people.left + lag(draws, "psb_move_out_lag", number, MOVE_LAG), struck)
    household = people.household
    moved = city.moved_home[city.household_row] + lag(draws, "psb_home_lag", household, HOME_MOVE_LAG)
    moved = np.where(np.isnat(moved), LONG_AGO, np.maximum(moved, entered))
    return PoliceView(entered, struck, moved)


def home_rows(city: City, rows: np.ndarray, day: np.datetime64, moved: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows of persons' registered addresses on a day, and of their former ones. `moved`: days known instead of the true ones."""
    household = city.household_row[rows]
    when = city.moved_home[household] if moved is None else moved[rows]
    before = when > day
    home, former = city.home[household], city.former_home[household]
    return np.where(before, former, home), np.where(before, home, former)


def usual_rows(city: City, rows: np.ndarray, day: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the addresses at which persons live, and of outdated ones; who lives apart is outdated at the registered one."""
    home, former = home_rows(city, rows, day)
    household = city.household_row[rows]
    usual = city.usual_home[household]
    apart = (usual != city.home[household]) & (city.people.kind[rows] != FLOATING)
    return np.where(apart, usual, home), np.where(apart, home, former)
