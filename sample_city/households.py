"""Who lives together: households dealt from templates, with ages, sexes and kinship that fit each other.

Shapes: a slice's registered persons stand household by household; arrays are flat over slices, persons in order of their numbers.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from sample_city.parameters import SliceCounts, parameters
from sample_city.randomness import Draws, rank_in_rows
from sample_city.slices import Stack

ROLES = ("head", "spouse", "child", "father", "mother", "parent")
HEAD, SPOUSE, CHILD, FATHER, MOTHER, PARENT = range(len(ROLES))
MALE, FEMALE = 1, 2
NOBODY = -1
MOTHERS_AGE_AT_BIRTH = (20, 40)
WIDOWS_SURPLUS = 0.15
"""How much rarer men are among widowed parents than among children and singles."""


@dataclass(frozen=True)
class Skeleton:
    """Households and their members before names and numbers. Kin are row numbers, NOBODY where there is none."""

    number: np.ndarray
    household: np.ndarray
    role: np.ndarray
    age: np.ndarray
    sex: np.ndarray
    father: np.ndarray
    mother: np.ndarray
    spouse: np.ndarray
    template: np.ndarray
    first_row: np.ndarray


@dataclass(frozen=True)
class _Deck:
    """The templates as tables: (templates, places) for role, lowest and highest age; NOBODY beyond the last member."""

    role: np.ndarray
    low: np.ndarray
    high: np.ndarray
    size: np.ndarray
    cards: np.ndarray


@cache
def _deck() -> _Deck:
    templates, bands = parameters().templates, parameters().bands
    widest = max(len(t.members) for t in templates)
    role, low, high = (np.full((len(templates), widest), NOBODY) for _ in range(3))
    for t, template in enumerate(templates):
        for m, member in enumerate(template.members):
            role[t, m], (low[t, m], high[t, m]) = ROLES.index(member.role), bands[member.band]
    cards = np.repeat(np.arange(len(templates)), [t.households for t in templates])
    return _Deck(role, low, high, (role != NOBODY).sum(axis=1), cards)


def deal_households(draws: Draws, stack: Stack) -> Skeleton:
    """Every slice gets the same households in an order of its own, and its exact number of men."""
    counts, deck = parameters().slice, _deck()
    households = stack.numbers(counts.households)
    template = deck.cards[rank_in_rows(draws.bits("household_deck", households))].ravel()
    first_row = np.concatenate([[0], np.cumsum(deck.size[template])])[:-1]
    household = np.repeat(np.arange(len(template)), deck.size[template])
    member = np.arange(len(household)) - first_row[household]
    number = stack.first * stack.people + _slice_offsets(stack, counts) + np.tile(np.arange(counts.persons), stack.count)
    of = template[household]
    base = _Rows(draws, number, household, deck.role[of, member], deck.low[of, member], deck.high[of, member], first_row)
    sex = _sexes(base, template, stack)
    age = _ages(base, sex)
    father, mother, spouse = _kin(base, sex)
    return Skeleton(number, household, base.role, age, sex, father, mother, spouse, template, first_row)


def _slice_offsets(stack: Stack, counts: SliceCounts) -> np.ndarray:
    return np.repeat(np.arange(stack.count) * stack.people, counts.persons)


@dataclass(frozen=True)
class _Rows:
    draws: Draws
    number: np.ndarray
    household: np.ndarray
    role: np.ndarray
    low: np.ndarray
    high: np.ndarray
    first_row: np.ndarray

    def row_of(self, role: int) -> np.ndarray:
        """Row of the household's (first) member in a role, NOBODY where it has none; one per household."""
        found = np.full(len(self.first_row), NOBODY)
        rows = np.flatnonzero(self.role == role)[::-1]
        found[self.household[rows]] = rows
        return found


def _sexes(rows: _Rows, template: np.ndarray, stack: Stack) -> np.ndarray:
    """Couples are a man and a woman; among all others men are dealt until the slice has its number, old parents last."""
    counts = parameters().slice
    has_couple = np.array([t.has_couple for t in parameters().templates])[template][rows.household]
    head_is_man = rows.draws.chance("head_is_man", rows.number[rows.first_row], 0.85)[rows.household]
    sex = np.zeros(len(rows.role), dtype=np.int64)
    sex[has_couple & (rows.role == HEAD)] = MALE
    sex[has_couple & (rows.role == SPOUSE)] = FEMALE
    sex = np.where(has_couple & ~head_is_man & (sex > 0), MALE + FEMALE - sex, sex)
    sex[rows.role == FATHER], sex[rows.role == MOTHER] = MALE, FEMALE
    widowed = (rows.role == PARENT) | ((rows.role == HEAD) & (rows.low >= 60))
    score = rows.draws.uniform("sex", rows.number) + WIDOWS_SURPLUS * widowed + 10.0 * (sex > 0)
    by_slice = score.reshape(stack.count, counts.persons)
    wanted = counts.males - (sex == MALE).reshape(by_slice.shape).sum(axis=1)
    is_man = rank_in_rows(by_slice) < wanted[:, None]
    return np.where(sex > 0, sex, np.where(is_man.ravel(), MALE, FEMALE))


def _ages(rows: _Rows, sex: np.ndarray) -> np.ndarray:
    """Full years on the reference day: heads, spouses beside them, children below the mother, parents above the head."""
    draws, number = rows.draws, rows.number
    age = draws.between("age", number, rows.low, rows.high)
    head = rows.first_row[rows.household]
    gap = draws.between("age_gap_of_couple", number, -1, 4) * np.where(sex == FEMALE, -1, 1)
    is_spouse = rows.role == SPOUSE
    age = np.where(is_spouse, np.clip(age[head] + gap, rows.low, rows.high), age)
    mother = _mother_row(rows, sex)
    age = np.where(rows.role == CHILD, _children(rows, age[mother]), age)
    low = np.maximum(rows.low, age[head] + MOTHERS_AGE_AT_BIRTH[0])
    high = np.minimum(rows.high, age[head] + MOTHERS_AGE_AT_BIRTH[1])
    is_parent = rows.role >= FATHER
    age = np.where(is_parent, draws.between("age_of_parent", number, np.minimum(low, high), high), age)
    father_gap = draws.between("age_gap_of_parents", number, 0, 4)
    mothers = rows.row_of(MOTHER)[rows.household]
    older = np.clip(age[mothers] + father_gap, rows.low, rows.high)
    return np.where(rows.role == FATHER, older, age)


def _mother_row(rows: _Rows, sex: np.ndarray) -> np.ndarray:
    """Row of the woman of the household's couple, or of its head; per person."""
    head = rows.first_row
    spouse = rows.row_of(SPOUSE)
    return np.where((sex[head] == MALE) & (spouse != NOBODY), spouse, head)[rows.household]


def _children(rows: _Rows, mothers_age: np.ndarray) -> np.ndarray:
    """Two children of one band share the possible years: the elder gets the upper half."""
    youngest, oldest = MOTHERS_AGE_AT_BIRTH
    low, high = np.maximum(rows.low, mothers_age - oldest), np.minimum(rows.high, mothers_age - youngest)
    next_role = np.append(rows.role[1:], NOBODY)
    last_role = np.append(NOBODY, rows.role[:-1])
    has_younger = (next_role == CHILD) & (np.append(rows.low[1:], 0) == rows.low)
    has_elder = (last_role == CHILD) & (np.append(0, rows.low[:-1]) == rows.low)
    middle = (low + high) // 2
    low, high = np.where(has_younger, middle + 1, low), np.where(has_elder, np.maximum(middle - 1, low), high)
    return rows.draws.between("age_of_child", rows.number, low, high)


def _kin(rows: _Rows, sex: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    head, spouse = rows.first_row[rows.household], rows.row_of(SPOUSE)[rows.household]
    parents = {MALE: np.full(len(sex), NOBODY), FEMALE: np.full(len(sex), NOBODY)}
    is_child, is_head = rows.role == CHILD, rows.role == HEAD
    for parent in (head, spouse):
        exists = is_child & (parent != NOBODY)
        for of, kin in parents.items():
            kin[exists & (sex[parent] == of)] = parent[exists & (sex[parent] == of)]
    for role in (FATHER, MOTHER, PARENT):
        row = rows.row_of(role)[rows.household]
        for of, kin in parents.items():
            fits = is_head & (row != NOBODY) & (sex[row] == of)
            kin[fits] = row[fits]
    mate = np.where(is_head, spouse, np.where(rows.role == SPOUSE, head, NOBODY))
    for role, other in ((FATHER, MOTHER), (MOTHER, FATHER)):
        mate = np.where(rows.role == role, rows.row_of(other)[rows.household], mate)
    return parents[MALE], parents[FEMALE], mate
