"""The county's people as columns: registered persons, those who died or moved out in the year before, and floating persons.

Dates are datetime64[D], NaT where there is none. Kin are person numbers, NOBODY where there is none.
"""

from dataclasses import dataclass, fields

import numpy as np

from sample_city.households import CHILD, FEMALE, HEAD, MALE, NOBODY, SPOUSE, Skeleton
from sample_city.parameters import parameters
from sample_city.randomness import Draws, rank_in_rows
from sample_city.slices import Stack

REGISTERED, DEAD, MOVED_OUT, FLOATING = range(4)
KINDS = ("registered", "dead", "moved_out", "floating")
LODGER, OTHER, CHILD_IN_LAW, GRANDCHILD = 6, 7, 8, 9
"""Roles beside those of household templates."""
FURTHER_ROLES = ("lodger", "other", "child_in_law", "grandchild")
NEVER = np.datetime64("NaT", "D")
YEAR = 365


@dataclass(frozen=True)
class People:
    """One row a person, in order of person numbers. `household` is a household number; lodgers carry that of their landlord."""

    number: np.ndarray
    kind: np.ndarray
    household: np.ndarray
    role: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    father: np.ndarray
    mother: np.ndarray
    spouse: np.ndarray
    line: np.ndarray
    moved_in: np.ndarray
    left: np.ndarray
    married: np.ndarray
    divorced: np.ndarray
    former_spouse: np.ndarray
    widowed: np.ndarray
    is_agricultural: np.ndarray
    is_she: np.ndarray

    def row(self, number: np.ndarray) -> np.ndarray:
        """Row of a person number; meaningless for NOBODY."""
        return number - self.number[0]

    def present(self, day: np.datetime64) -> np.ndarray:
        """Registered in the county at the end of a day."""
        came = np.isnat(self.moved_in) | (self.moved_in <= day)
        gone = ~np.isnat(self.left) & (self.left <= day)
        return (self.kind != FLOATING) & (self.birth <= day) & came & ~gone


def join(parts: list[People]) -> People:
    """One table in order of person numbers."""
    order = np.argsort(np.concatenate([p.number for p in parts]), kind="stable")
    return People(**{f.name: np.concatenate([getattr(p, f.name) for p in parts])[order] for f in fields(People)})


def days_before(draws: Draws, stream: str, number: np.ndarray, reference: np.datetime64, span: int = YEAR) -> np.ndarray:
    """A day among the last `span` days up to and including the reference day."""
    return reference - draws.below(stream, number, span).astype("timedelta64[D]")


def birth_dates(draws: Draws, number: np.ndarray, age: np.ndarray, reference: np.datetime64) -> np.ndarray:
    """A date of birth that makes `age` full years on the reference day."""
    year, month, day = _parts(reference)
    latest = _date(year - age, month, day)
    earliest = _date(year - age - 1, month, day) + 1
    return earliest + draws.below("birth_day", number, (latest - earliest).astype(np.int64) + 1).astype("timedelta64[D]")


def _parts(day: np.datetime64) -> tuple[int, int, int]:
    text = str(day)
    return int(text[:4]), int(text[5:7]), int(text[8:])


def _date(year: np.ndarray, month: int, day: int) -> np.ndarray:
    months = (np.asarray(year, dtype=np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    return months.astype("datetime64[D]") + (day - 1)


def registered_people(
    draws: Draws, stack: Stack, bones: Skeleton, in_village: np.ndarray, in_she_unit: np.ndarray, reference
) -> People:
    """The registered persons of the reference day. `in_village` and `in_she_unit` say of each household where it lives."""
    counts = parameters().slice
    birth = birth_dates(draws, bones.number, bones.age, reference)
    first_household = stack.first * counts.households
    married, divorced = _marriages(draws, stack, bones, birth, reference)
    she = parameters().ethnic
    share = np.where(in_she_unit, she["she_share_there"], she["she_share_elsewhere"])
    household_number = first_household + np.arange(len(bones.first_row))
    is_she = draws.chance("is_she", household_number, share)
    score = draws.uniform("agricultural", bones.number) + 0.8 * in_village[bones.household]
    rank = rank_in_rows(-score.reshape(stack.count, counts.persons)).ravel()
    return People(
        number=bones.number,
        kind=np.full(len(birth), REGISTERED),
        household=first_household + bones.household,
        role=bones.role,
        sex=bones.sex,
        birth=birth,
        father=_numbers(bones, bones.father),
        mother=_numbers(bones, bones.mother),
        spouse=_numbers(bones, bones.spouse),
        line=_family_lines(bones),
        moved_in=_moved_in(draws, stack, bones, reference),
        left=np.full(len(birth), NEVER),
        married=married,
        divorced=divorced,
        former_spouse=np.full(len(birth), NOBODY),
        widowed=np.full(len(birth), NEVER),
        is_agricultural=rank < counts.agricultural,
        is_she=is_she[bones.household],
    )


def _numbers(bones: Skeleton, rows: np.ndarray) -> np.ndarray:
    return np.where(rows == NOBODY, NOBODY, bones.number[rows])


def _family_lines(bones: Skeleton) -> np.ndarray:
    """Whose surname a person carries, as a person number: husbands, their children and fathers that of the man of the couple."""
    head = bones.first_row[bones.household]
    man_of_couple = np.where(bones.sex[head] == MALE, head, np.where(bones.spouse[head] == NOBODY, head, bones.spouse[head]))
    own = np.arange(len(head))
    line = np.where(bones.role == CHILD, man_of_couple, own)
    is_father = (bones.role > CHILD) & (bones.sex == MALE)
    return bones.number[np.where(is_father, head, line)]


def _templates(names: tuple[str, ...]) -> np.ndarray:
    return np.array([t.name in names for t in parameters().templates])


def _moved_in(draws: Draws, stack: Stack, bones: Skeleton, reference) -> np.ndarray:
    """Singles, newly married spouses and grown children; exactly the slice's number of the last year."""
    counts = parameters().slice
    single = np.array([t.name.startswith("single") for t in parameters().templates])[bones.template][bones.household]
    new = _templates(("newly_married",))[bones.template][bones.household]
    grown = (bones.role == CHILD) & (bones.age >= 18)
    may = ((single & (bones.role == HEAD)) | (new & (bones.role == SPOUSE)) | grown) & (bones.age >= 18)
    score = draws.uniform("moved_in", bones.number) + 0.7 * grown + 10.0 * ~may
    came = rank_in_rows(score.reshape(stack.count, counts.persons)).ravel() < counts.moved_in_a_year
    return np.where(came, days_before(draws, "moved_in_day", bones.number, reference), NEVER)


def _marriages(draws: Draws, stack: Stack, bones: Skeleton, birth: np.ndarray, reference) -> tuple[np.ndarray, np.ndarray]:
    """Dates of marriage and divorce. The slice's number of couples married, and of singles divorced, in the last year."""
    counts = parameters().slice
    head = bones.first_row
    couple = bones.spouse[head] != NOBODY
    mate = np.where(couple, bones.spouse[head], head)
    man, woman = (np.where(bones.sex[head] == of, head, mate) for of in (MALE, FEMALE))
    lawful = np.maximum(birth[man] + round(22 * 365.25), birth[woman] + round(20 * 365.25))
    eldest = np.full(len(head), reference)
    children = np.flatnonzero(bones.role == CHILD)
    np.minimum.at(eldest, bones.household[children], birth[children])
    bound = np.maximum(np.minimum(eldest - 200, reference - YEAR), lawful)
    span = np.minimum((bound - lawful).astype(np.int64), 8 * YEAR)
    number = bones.number[head]
    date = lawful + draws.below("married_after", number, span + 1).astype("timedelta64[D]")
    is_new = _templates(("newly_married",))[bones.template]
    score = draws.uniform("married_this_year", number) + 10.0 * ~is_new
    this_year = rank_in_rows(score.reshape(stack.count, -1)).ravel() < counts.marriages_a_year
    recent = np.maximum(days_before(draws, "married_day", number, reference), lawful)
    date = np.where(couple, np.where(this_year, recent, np.minimum(date, reference - YEAR)), NEVER)
    divorced = _divorces(draws, stack, bones, reference)
    per_person = np.where(bones.role <= SPOUSE, date[bones.household], NEVER)
    return np.where(np.isnat(divorced), per_person, divorced - 5 * YEAR), divorced


def _divorces(draws: Draws, stack: Stack, bones: Skeleton, reference) -> np.ndarray:
    counts = parameters().slice
    alone = _templates(("single_parent", "single_adult", "single_middle"))[bones.template][bones.household] & (bones.role == HEAD)
    score = draws.uniform("divorced", bones.number) + 10.0 * ~alone
    rank = rank_in_rows(score.reshape(stack.count, counts.persons)).ravel()
    recent = days_before(draws, "divorced_day", bones.number, reference)
    parent = alone & _templates(("single_parent",))[bones.template][bones.household]
    long_ago = recent - draws.between("divorced_years", bones.number, 1, 3) * YEAR
    return np.where(rank < counts.divorces_a_year, recent, np.where(parent, long_ago, NEVER))
