"""The true city of one county: what is, before any department looks at it."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.divisions import units
from sample_city.dwellings import Addresses, build_addresses
from sample_city.employment import employers
from sample_city.enterprises import Enterprises, build_enterprises
from sample_city.households import HEAD, MALE, NOBODY, deal_households
from sample_city.identifiers import citizen_numbers, phones, record_numbers
from sample_city.leavers import floating_people, leavers
from sample_city.names import full_names
from sample_city.parameters import parameters
from sample_city.people import FLOATING, REGISTERED, People, join, registered_people
from sample_city.presets import CALIBRATED_DAY
from sample_city.randomness import Draws, rank_in_groups
from sample_city.roll_forward import roll_forward
from sample_city.slices import Stack

FOREIGN_SHARE = 0.08
"""Share of registered persons whose number was issued elsewhere, beside those who moved in (assumed)."""


SECOND_FROM = 249
"""First numbers have sequences below 500, second ones from 499 on."""


@dataclass(frozen=True)
class City:
    """People, homes, enterprises. `home` is the row in `addresses` of each household, `former_home` where it lived before,
    `usual_home` where it lives now; `employer` the row of each person's employer, -1 where none."""

    stack: Stack
    reference: np.datetime64
    people: People
    addresses: Addresses
    names: pa.Array
    citizen_no: pa.Array
    second_no: pa.Array
    double_row: np.ndarray
    phone: pa.Array
    home: np.ndarray
    former_home: np.ndarray
    usual_home: np.ndarray
    moved_home: np.ndarray
    household_no: pa.Array
    enterprises: Enterprises
    employer: np.ndarray

    @property
    def first_code(self) -> int:
        """The division that the county's identifiers carry."""
        return _first_code(self.stack)

    @property
    def head_row(self) -> np.ndarray:
        """Row of the head of each household, NOBODY where nobody lives any more."""
        heads = np.flatnonzero((self.people.role == HEAD) & (self.people.kind == REGISTERED))
        found = np.full(len(self.home), NOBODY)
        found[self.household_row[heads]] = heads
        return found

    @property
    def household_row(self) -> np.ndarray:
        """Row of each person's household."""
        return self.people.household - self.stack.first * parameters().slice.households


def build_city(draws: Draws, stack: Stack, reference: np.datetime64) -> City:
    addresses = build_addresses(draws, stack, reference)
    home, former_home = _homes(draws, stack)
    unit = addresses.unit[home]
    in_village = np.array([not u.is_community for u in units()])[unit]
    in_she_unit = np.array([u.township_code == parameters().ethnic["she_township"] for u in units()])[unit]
    bones = deal_households(draws, stack)
    registered = registered_people(draws, stack, bones, in_village, in_she_unit, CALIBRATED_DAY)
    dead, gone, widowed = leavers(draws, stack, registered, bones.age, CALIBRATED_DAY)
    people = join([replace(registered, widowed=widowed), dead, gone, floating_people(draws, stack, reference)])
    people = roll_forward(draws, stack, people, reference) if reference > CALIBRATED_DAY else people
    citizen_no, second_no = _citizen_numbers(draws, stack, people, reference)
    household = stack.numbers(parameters().slice.households).ravel()
    home_of = home[people.household - household[0]]
    enterprises = build_enterprises(draws, stack, people, home_of, addresses, reference, _first_code(stack))
    return City(
        stack=stack,
        reference=reference,
        people=people,
        addresses=addresses,
        names=full_names(draws, people),
        citizen_no=citizen_no,
        second_no=second_no,
        double_row=_doubles(draws, stack, people),
        phone=phones(people.number),
        home=home,
        former_home=former_home,
        usual_home=_usual_homes(draws, stack, home, ~in_village),
        moved_home=_moves_within(draws, stack, household, reference),
        household_no=pc.binary_join_element_wise(str(_first_code(stack)), record_numbers("households", household, 8), ""),
        enterprises=enterprises,
        employer=employers(draws, stack, people, enterprises, reference),
    )


def _first_code(stack: Stack) -> int:
    return parameters().county["first_synthetic_code"] + stack.county


def _homes(draws: Draws, stack: Stack) -> tuple[np.ndarray, np.ndarray]:
    """Row of the address of each household, and of the one it lived at before: a neighbour's in the dealing, within the slice."""
    counts = parameters().slice
    rows = np.arange(stack.count)[:, None] * counts.addresses + np.arange(counts.households)[None, :]
    order = np.argsort(draws.bits("former_homes", stack.numbers(counts.households)), axis=1, kind="stable")
    former = np.empty_like(rows)
    np.put_along_axis(former, order, np.take_along_axis(rows, np.roll(order, 1, axis=1), axis=1), axis=1)
    return rows.ravel(), former.ravel()


def _usual_homes(draws: Draws, stack: Stack, home: np.ndarray, in_community: np.ndarray) -> np.ndarray:
    """Where households live: at home, or, for some of the villages, in a dwelling of a community of the same slice."""
    number = stack.numbers(parameters().slice.households)
    town = in_community.reshape(number.shape)
    order = np.argsort(~town, axis=1, kind="stable")
    drawn = draws.below("usual_home", number, np.maximum(town.sum(axis=1), 1)[:, None])
    there = np.take_along_axis(home.reshape(number.shape), np.take_along_axis(order, drawn, axis=1), axis=1)
    apart = draws.chance("living_apart", number, parameters().living_apart) & ~town & town.any(axis=1)[:, None]
    return np.where(apart, there, home.reshape(number.shape)).ravel()


def _moves_within(draws: Draws, stack: Stack, household: np.ndarray, reference) -> np.ndarray:
    """Day on which a household came from its former home, in the last year; NaT for all but the slice's number of them."""
    counts = parameters().slice
    order = np.argsort(draws.bits("moved_within", household).reshape(stack.count, -1), axis=1, kind="stable")
    moved = np.zeros((stack.count, counts.households), dtype=bool)
    np.put_along_axis(moved, order[:, : counts.moved_within_a_year], True, axis=1)
    day = reference - draws.below("moved_within_day", household, 365).astype("timedelta64[D]")
    return np.where(moved.ravel(), day, np.datetime64("NaT", "D"))


def _doubles(draws: Draws, stack: Stack, people: People) -> np.ndarray:
    """Row of the registered person of the same slice whose number each person would carry by an office's mistake."""
    here = (people.kind == REGISTERED).reshape(stack.count, -1)
    order = np.argsort(~here, axis=1, kind="stable")
    in_slice = np.tile(np.arange(here.shape[1]), stack.count)
    slices = np.repeat(np.arange(stack.count), here.shape[1])
    drawn = draws.below("number_of_whom", people.number, here.sum(axis=1)[slices] - 1)
    whom = order[slices, drawn]
    return slices * here.shape[1] + np.where(whom == in_slice, order[slices, drawn + 1], whom)


def _citizen_numbers(draws: Draws, stack: Stack, people: People, reference) -> tuple[pa.Array, pa.Array]:
    """Numbers of the county for its natives, of other synthetic divisions for the rest; no number twice in a county.

    The other column is a second number that a person might have been given: same birth date, sequence from the upper half.
    """
    others = np.array(parameters().county["other_synthetic_codes"]) + 1000 * stack.county
    elsewhere = others[draws.below("number_division", people.number, len(others))]
    native = np.isnat(people.moved_in) & (people.kind != FLOATING) & ~draws.chance("number_foreign", people.number, FOREIGN_SHARE)
    native |= people.birth > reference - 365
    division = np.where(native, _first_code(stack), elsewhere)
    nth = rank_in_groups(people.sex, people.birth, division)
    if nth.max() >= SECOND_FROM:
        raise ValueError(f"more than {SECOND_FROM} persons of one sex share a birth date and a division; numbers run out.")
    sequence = 2 * nth + np.where(people.sex == MALE, 1, 2)
    again = citizen_numbers(division, people.birth, sequence + 2 * SECOND_FROM)
    return citizen_numbers(division, people.birth, sequence), again
