"""The registered people year by year from the calibrated day to a later reference day.

Each year every slice has the calibrated numbers of deaths, moves out, moves in, marriages, divorces and births; who is
concerned is dealt by weight among those who may be. A person dies, moves, marries or bears once a period at most. New
persons fill numbers that the slice keeps free for them: first all births, then all who move in.
"""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from sample_city.households import CHILD, FEMALE, HEAD, MALE, NOBODY, SPOUSE
from sample_city.parameters import parameters
from sample_city.people import CHILD_IN_LAW, DEAD, GRANDCHILD, MOVED_OUT, NEVER, OTHER, REGISTERED, YEAR, People
from sample_city.presets import CALIBRATED_DAY
from sample_city.randomness import Draws
from sample_city.slices import Stack

UNBORN = -1
DYING_A_YEAR_OF_AGE = 0.095
"""By how much the logarithm of mortality grows with a year of age (Gompertz)."""
MOST_CHILDREN, YEARS_BETWEEN = 2, 2.0


@dataclass(frozen=True)
class Period:
    """The days after `start` up to `end`: a calendar year, or what of it lies before the reference day."""

    start: np.datetime64
    end: np.datetime64

    @property
    def days(self) -> int:
        return int((self.end - self.start).astype(np.int64))

    def quota(self, a_year: int) -> int:
        """A yearly number's part, a slice."""
        return min(a_year, round(a_year * self.days / YEAR))


def periods(reference: np.datetime64) -> list[Period]:
    """Years from the calibrated day to the reference day."""
    years = np.arange(CALIBRATED_DAY.astype("datetime64[Y]"), reference.astype("datetime64[Y]") + 1)
    ends = [(y + 1).astype("datetime64[D]") - 1 for y in years]
    edges = [*(e for e in ends if e < reference), reference]
    return [Period(a, b) for a, b in pairwise(edges)]


def newcomers(reference: np.datetime64) -> tuple[int, int]:
    """How many births and how many moves in a slice has between the calibrated day and the reference day."""
    counts = parameters().slice
    return tuple(sum(p.quota(n) for p in periods(reference)) for n in (counts.births_a_year, counts.moved_in_a_year))


class _Rolling:
    """The people of a county while time passes; columns are flat over slices, one row a person number."""

    def __init__(self, draws: Draws, stack: Stack, people: People):
        counts = parameters().slice
        self.draws, self.stack, self.width = draws, stack, stack.people
        self.number = stack.numbers(self.width).ravel()
        self.first = self.number[0]
        known = np.arange(self.width) < counts.people
        self.columns = {f.name: self._widened(getattr(people, f.name), np.tile(known, stack.count)) for f in fields(People)}
        self.columns["number"] = self.number
        self.columns["kind"][~np.tile(known, stack.count)] = UNBORN
        self.births_used, self.moves_used = counts.people, counts.people + stack.births

    def _widened(self, values: np.ndarray, known: np.ndarray) -> np.ndarray:
        blank = {"M": NEVER, "b": False}.get(values.dtype.kind, NOBODY)
        wide = np.full(len(known), blank, dtype=values.dtype)
        wide[known] = values
        return wide

    def __getattr__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def settled(self, period: Period) -> np.ndarray:
        """Registered here since before the period, and still."""
        came = np.isnat(self.moved_in) | (self.moved_in <= period.start)
        return (self.kind == REGISTERED) & (self.birth <= period.start) & came

    def age(self, period: Period) -> np.ndarray:
        """Years on the first day of the period; negative for those to be born."""
        years = (period.start - self.birth).astype(np.int64) / 365.25
        return np.where(np.isnat(self.birth), -1.0, years)

    def deal(self, what: str, period: Period, weight: np.ndarray, wanted: int) -> np.ndarray:
        """Rows of `wanted` persons of each slice, without repetition, in proportion to weight; shape (slices, wanted).

        Efraimidis and Spirakis (2006): the smallest of -ln(u) / w.
        """
        drawn = self.draws.uniform(f"{what}|{period.end}", self.number)
        with np.errstate(divide="ignore"):
            key = np.where(weight > 0, -np.log1p(-drawn) / weight, np.inf).reshape(self.stack.count, self.width)
        order = np.argsort(key, axis=1, kind="stable")[:, :wanted]
        if np.isinf(np.take_along_axis(key, order, axis=1)).any():
            raise ValueError(f"{what} up to {period.end}: a slice has fewer than {wanted} persons whom it may befall.")
        return order + np.arange(self.stack.count)[:, None] * self.width

    def day(self, what: str, period: Period, rows: np.ndarray) -> np.ndarray:
        """A day of the period for each row."""
        after = 1 + self.draws.below(f"{what}_day|{period.end}", self.number[rows], period.days)
        return period.start + after.astype("timedelta64[D]")

    def row(self, number: np.ndarray) -> np.ndarray:
        return number - self.first

    def put(self, rows: np.ndarray, **values) -> None:
        for name, value in values.items():
            self.columns[name][rows] = value


def roll_forward(draws: Draws, stack: Stack, people: People, reference: np.datetime64) -> People:
    """The people of the reference day, with everybody who was there in between."""
    rolling = _Rolling(draws, stack, people)
    for period in periods(reference):
        _die(rolling, period)
        _move_out(rolling, period)
        _part(rolling, period)
        _marry(rolling, period)
        _bear(rolling, period)
        _move_in(rolling, period)
        _promote_heads(rolling)
    return People(**rolling.columns)


def _die(r: _Rolling, period: Period) -> None:
    weight = np.where(r.settled(period), np.exp(DYING_A_YEAR_OF_AGE * r.age(period)), 0.0)
    dead = r.deal("die", period, weight, period.quota(parameters().slice.deaths_a_year)).ravel()
    day = r.day("die", period, dead)
    r.put(dead, kind=DEAD, left=day)
    mate = r.spouse[dead]
    left_behind = mate != NOBODY
    r.put(r.row(mate[left_behind]), spouse=NOBODY, widowed=day[left_behind])


def _move_out(r: _Rolling, period: Period) -> None:
    """Young people without a household of their own."""
    age = r.age(period)
    may = r.settled(period) & (r.spouse == NOBODY) & (r.role != HEAD) & (age >= 18) & (age < 40)
    gone = r.deal(
        "move_out", period, np.where(may, np.exp(-0.08 * age), 0.0), period.quota(parameters().slice.moved_out_a_year)
    ).ravel()
    r.put(gone, kind=MOVED_OUT, left=r.day("move_out", period, gone))


def _part(r: _Rolling, period: Period) -> None:
    """Divorces; both stay in the household until they move."""
    may = r.settled(period) & (r.sex == MALE) & (r.spouse != NOBODY) & (r.married <= period.start) & (r.age(period) < 60)
    men = r.deal("part", period, may * 1.0, period.quota(parameters().slice.divorces_a_year)).ravel()
    women = r.row(r.spouse[men])
    day = r.day("part", period, men)
    r.put(men, divorced=day, former_spouse=r.number[women], spouse=NOBODY)
    r.put(women, divorced=day, former_spouse=r.number[men], spouse=NOBODY)


def _marry(r: _Rolling, period: Period) -> None:
    """Men from 22, women from 20, each for the first time and of another household; she moves to his."""
    wanted, age = period.quota(parameters().slice.marriages_a_year), r.age(period)
    single = r.settled(period) & (r.spouse == NOBODY) & np.isnat(r.married)
    young = np.exp(-0.1 * np.maximum(age, 0))
    men = r.deal("marry_man", period, young * (single & (r.sex == MALE) & (age >= 22) & (age < 45)), wanted)
    homes = np.zeros(r.household.max() + 1, dtype=bool)
    homes[r.household[men.ravel()]] = True
    may = single & (r.sex == FEMALE) & (r.role != HEAD) & (age >= 20) & (age < 42) & ~homes[np.maximum(r.household, 0)]
    women = r.deal("marry_woman", period, young * may, wanted)
    men, women = _by_age(age, men).ravel(), _by_age(age, women).ravel()
    day = r.day("marry", period, men)
    r.put(men, spouse=r.number[women], married=day)
    in_law = np.where(r.role[men] == HEAD, SPOUSE, CHILD_IN_LAW)
    r.put(women, spouse=r.number[men], married=day, household=r.household[men], role=in_law)


def _by_age(age: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of each slice, the oldest first."""
    return np.take_along_axis(rows, np.argsort(-age[rows], axis=1, kind="stable"), axis=1)


def _bear(r: _Rolling, period: Period) -> None:
    """Births to married women of 20 to 39 with at most one child, the last at least two years ago."""
    born, age = np.flatnonzero(r.mother != NOBODY), r.age(period)
    mothers = r.row(r.mother[born])
    children = np.bincount(mothers, minlength=len(r.number))
    last = np.full(len(r.number), -np.inf)
    np.maximum.at(last, mothers, r.birth[born].astype(np.int64))
    rested = period.start.astype(np.int64) - last >= YEARS_BETWEEN * 365.25
    may = r.settled(period) & (r.sex == FEMALE) & (r.spouse != NOBODY) & (age >= 20) & (age < 39.5)
    may &= (r.married <= period.start) & (children < MOST_CHILDREN) & rested
    wanted = period.quota(parameters().slice.births_a_year)
    mother = r.deal("bear", period, np.where(may, np.exp(-(((age - 27) / 6) ** 2)), 0.0), wanted)
    child = np.arange(r.stack.count)[:, None] * r.width + r.births_used + np.arange(wanted)[None, :]
    r.births_used += wanted
    mother, child = mother.ravel(), child.ravel()
    father = r.row(r.spouse[mother])
    role = np.where(np.isin(r.role[mother], (HEAD, SPOUSE)), CHILD, GRANDCHILD)
    sex = np.where(r.draws.chance("sex_of_child", r.number[child], 0.53), MALE, FEMALE)
    kin = {"mother": r.number[mother], "father": r.number[father], "line": r.line[father]}
    home = {"household": r.household[mother], "role": role, "is_agricultural": r.is_agricultural[mother]}
    r.put(child, kind=REGISTERED, birth=r.day("bear", period, mother), sex=sex, is_she=r.is_she[father], **kin, **home)


def _move_in(r: _Rolling, period: Period) -> None:
    """Young people who join a household as other relatives."""
    wanted = period.quota(parameters().slice.moved_in_a_year)
    host = r.deal("host", period, (r.settled(period) & (r.role == HEAD)) * 1.0, wanted).ravel()
    row = (np.arange(r.stack.count)[:, None] * r.width + r.moves_used + np.arange(wanted)[None, :]).ravel()
    r.moves_used += wanted
    number = r.number[row]
    day = r.day("move_in", period, host)
    years = 18 + r.draws.below("age_moved_in", number, 20)
    birth = (
        period.start - (years * 365.25).astype(np.int64).astype("timedelta64[D]") - r.draws.below("birth_moved_in", number, YEAR)
    )
    sex = np.where(r.draws.chance("sex_moved_in", number, 0.48), MALE, FEMALE)
    from_country = r.draws.chance("agricultural_moved_in", number, 0.68)
    home = {"household": r.household[host], "role": OTHER, "line": number, "is_agricultural": from_country}
    r.put(row, kind=REGISTERED, birth=birth, moved_in=day, sex=sex, **home)


def _promote_heads(r: _Rolling) -> None:
    """A household without a head gets the late head's spouse, else its oldest member."""
    here = np.flatnonzero(r.kind == REGISTERED)
    household = r.household[here]
    has_head = np.bincount(household, r.role[here] == HEAD, minlength=r.household.max() + 1) > 0
    orphaned = here[~has_head[household]]
    order = np.lexsort((r.birth[orphaned], r.role[orphaned] != SPOUSE, r.household[orphaned]))
    _, first = np.unique(r.household[orphaned][order], return_index=True)
    r.put(orphaned[order][first], role=HEAD)
