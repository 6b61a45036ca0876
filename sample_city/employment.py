"""Who works where: adults of working age at the enterprises of their slice, in proportion to the value these add (assumed)."""

import numpy as np

from sample_city.enterprises import ACTIVE, NO_ENTERPRISE, SELF_EMPLOYED, Enterprises
from sample_city.people import FLOATING, REGISTERED, People
from sample_city.randomness import Draws
from sample_city.slices import Stack

SHARE_EMPLOYED = {REGISTERED: 0.45, FLOATING: 0.75}
WORKING_AGES = (18, 59)


def employers(draws: Draws, stack: Stack, people: People, enterprises: Enterprises, reference: np.datetime64) -> np.ndarray:
    """Row of each person's employer, NO_ENTERPRISE for those without one."""
    age = (reference - people.birth).astype(np.int64) / 365.25
    share = np.select([people.kind == kind for kind in SHARE_EMPLOYED], list(SHARE_EMPLOYED.values()), 0.0)
    works = draws.chance("employed", people.number, share) & (age >= WORKING_AGES[0]) & (age < WORKING_AGES[1] + 1)
    hires = (enterprises.state == ACTIVE) & (enterprises.kind != SELF_EMPLOYED) & enterprises.exists
    weight = np.where(hires, np.sqrt(enterprises.output) + 1.0, 0.0).reshape(stack.count, -1)
    edges = (np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True) + np.arange(stack.count)[:, None]).ravel()
    in_slice = np.arange(len(people.number)) // (len(people.number) // stack.count)
    found = np.searchsorted(edges, in_slice + draws.uniform("employer", people.number), side="right")
    return np.where(works, np.minimum(found, len(edges) - 1), NO_ENTERPRISE)
