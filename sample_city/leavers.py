"""Persons beside the registered ones: those who died or moved out in the year before the reference day, and floating persons."""

import numpy as np

from sample_city.households import CHILD, FEMALE, HEAD, MALE, MOTHERS_AGE_AT_BIRTH, NOBODY, PARENT, SPOUSE
from sample_city.parameters import parameters
from sample_city.people import DEAD, FLOATING, LODGER, MOVED_OUT, NEVER, YEAR, People, birth_dates, days_before
from sample_city.randomness import Draws
from sample_city.slices import Stack


def _hosts(draws: Draws, stack: Stack, people: People, stream: str, may: np.ndarray, wanted: int) -> np.ndarray:
    """Rows of `wanted` persons of each slice for whom `may` holds, in an order of the slice's own; shape (slices, wanted)."""
    counts = parameters().slice
    score = draws.uniform(stream, people.number) + 10.0 * ~may
    order = np.argsort(score.reshape(stack.count, counts.persons), axis=1, kind="stable")[:, :wanted]
    return order + np.arange(stack.count)[:, None] * counts.persons


def leavers(draws: Draws, stack: Stack, registered: People, age: np.ndarray, reference) -> tuple[People, People, np.ndarray]:
    """The dead of the year, those who moved out, and the day each registered person was widowed (NaT for most)."""
    counts = parameters().slice
    number = stack.numbers(stack.people)[:, counts.persons : counts.persons + counts.leavers]
    dead, widowed = _dead(draws, stack, registered, age, number[:, : counts.deaths_a_year].ravel(), reference)
    gone = _moved_out(draws, stack, registered, age, number[:, counts.deaths_a_year :].ravel(), reference)
    return dead, gone, widowed


def _dead(draws: Draws, stack: Stack, of: People, age: np.ndarray, number: np.ndarray, reference) -> tuple[People, np.ndarray]:
    """Spouses whom old single persons lost; the second value is the day, by row of the registered people."""
    counts = parameters().slice
    may = ((of.role == PARENT) | ((of.role == HEAD) & (of.spouse == NOBODY))) & (age >= 65)
    host = _hosts(draws, stack, of, "widowed", may, counts.deaths_a_year).ravel()
    sex = MALE + FEMALE - of.sex[host]
    own_age = np.clip(age[host] + draws.between("age_of_dead", number, -4, 6) * np.where(sex == MALE, 1, -1), 58, 100)
    died = days_before(draws, "died_day", number, reference)
    widowed = np.full(len(of.number), NEVER)
    widowed[host] = died
    married = of.birth[host] + (24 * 365)
    line = np.where(sex == MALE, _line_of_husband(of, host, number), number)
    role = np.where(of.role[host] == PARENT, PARENT, SPOUSE)
    same = _alike(of, host, number, DEAD, role, sex, birth_dates(draws, number, own_age, reference), died, line)
    return People(**same | {"spouse": of.number[host], "married": married}), widowed


def _line_of_husband(of: People, widow: np.ndarray, number: np.ndarray) -> np.ndarray:
    """A dead father carries the surname of the household's head, a dead husband of a single woman his own."""
    head_row = np.maximum.accumulate(np.where(of.role == HEAD, np.arange(len(of.role)), 0))
    return np.where(of.role[widow] == PARENT, of.line[head_row[widow]], number)


def _moved_out(draws: Draws, stack: Stack, of: People, age: np.ndarray, number: np.ndarray, reference) -> People:
    """Grown children of couples of middle age who went elsewhere."""
    counts = parameters().slice
    may = (of.role == HEAD) & (of.spouse != NOBODY) & (age >= 45) & (age < 60)
    host = _hosts(draws, stack, of, "child_moved_out", may, counts.moved_out_a_year).ravel()
    mate = _row_of_number(of, of.spouse[host])
    mothers_age = np.where(of.sex[host] == FEMALE, age[host], age[mate])
    youngest, oldest = MOTHERS_AGE_AT_BIRTH
    low, high = np.maximum(18, mothers_age - oldest), np.minimum(30, mothers_age - youngest)
    own_age = draws.between("age_moved_out", number, low, high)
    sex = draws.pick("sex_moved_out", number, (1.0, 1.1)) + MALE
    left = days_before(draws, "moved_out_day", number, reference)
    man = np.where(of.sex[host] == MALE, host, mate)
    woman = np.where(of.sex[host] == MALE, mate, host)
    birth = birth_dates(draws, number, own_age, reference)
    same = _alike(of, host, number, MOVED_OUT, np.full(len(host), CHILD), sex, birth, left, of.line[man])
    return People(**same | {"father": of.number[man], "mother": of.number[woman], "married": np.full(len(host), NEVER)})


def _row_of_number(of: People, number: np.ndarray) -> np.ndarray:
    return np.searchsorted(of.number, number)


def _alike(of: People, host: np.ndarray, number, kind: int, role, sex, birth, left, line) -> dict[str, np.ndarray]:
    """Columns that a leaver shares with the host household; kin are nobody until said otherwise."""
    nobody, never = np.full(len(host), NOBODY), np.full(len(host), NEVER)
    shared = {name: getattr(of, name)[host] for name in ("household", "is_agricultural", "is_she")}
    kin = {"father": nobody, "mother": nobody, "spouse": nobody, "former_spouse": nobody}
    dates = {"moved_in": never, "left": left, "divorced": never, "widowed": never}
    return (
        shared
        | kin
        | dates
        | {"number": number, "kind": np.full(len(host), kind), "role": role, "sex": sex, "birth": birth, "line": line}
    )


def floating_people(draws: Draws, stack: Stack, reference) -> People:
    """Persons registered elsewhere who live here as lodgers; working ages, six men to five women (assumed)."""
    counts = parameters().slice
    number = stack.numbers(stack.people)[:, counts.persons + counts.leavers : counts.people].ravel()
    slices = np.repeat(np.arange(stack.first, stack.first + stack.count), counts.floating)
    household = slices * counts.households + draws.below("landlord", number, counts.households)
    age = draws.between("floating_age_from", number, 16, 24) + draws.below("floating_age_on", number, 35)
    nobody, never = np.full(len(number), NOBODY), np.full(len(number), NEVER)
    return People(
        number=number,
        kind=np.full(len(number), FLOATING),
        household=household,
        role=np.full(len(number), LODGER),
        sex=draws.pick("floating_sex", number, (6, 5)) + MALE,
        birth=birth_dates(draws, number, age, reference),
        father=nobody,
        mother=nobody,
        spouse=nobody,
        line=number,
        moved_in=days_before(draws, "floating_since", number, reference, span=4 * YEAR),
        left=never,
        married=never,
        divorced=never,
        former_spouse=nobody,
        widowed=never,
        is_agricultural=draws.chance("floating_agricultural", number, 0.85),
        is_she=np.zeros(len(number), dtype=bool),
    )
