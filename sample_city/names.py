"""Names of invented persons: surname of the family's line, given name by sex and year of birth."""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample_city.households import MALE
from sample_city.parameters import words
from sample_city.people import People
from sample_city.randomness import Draws

GENERATIONS = (1960, 1985)
"""First years of birth of the second and the third list of given names."""


@cache
def _characters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All characters of given names in one row; start and length of each list, shape (2 sexes, 3 generations)."""
    lists = [words("names")["given"][sex] for sex in ("male", "female")]
    length = np.array([[len(text) for text in of] for of in lists])
    start = np.concatenate([[0], np.cumsum(length.ravel())])[:-1].reshape(length.shape)
    return np.array(list("".join("".join(of) for of in lists))), start, length


def surnames(draws: Draws, people: People) -> pa.Array:
    """Everybody of one line has the surname drawn for the line's first person."""
    common, she = words("names")["surnames"], words("names")["she_surnames"]
    han = draws.pick("surname", people.line, tuple(common.values()))
    of_she = draws.pick("surname_she", people.line, tuple(she.values())) + len(common)
    carries = people.is_she[people.row(people.line)]
    return pa.array([*common, *she]).take(pa.array(np.where(carries, of_she, han)))


def given_names(draws: Draws, people: People) -> pa.Array:
    """One or two characters; two of the same list, never the same twice."""
    characters, start, length = _characters()
    year = people.birth.astype("datetime64[Y]").astype(np.int64) + 1970
    generation = np.digitize(year, GENERATIONS)
    row = (people.sex - MALE, generation)
    first = draws.below("given_1", people.number, length[row])
    second = (first + 1 + draws.below("given_2", people.number, length[row] - 1)) % length[row]
    one = draws.chance("given_one", people.number, np.array(words("names")["one_character_share"])[generation])
    pool = pa.array([*characters.tolist(), ""])
    ending = np.where(one, len(characters), start[row] + second)
    return pc.binary_join_element_wise(pool.take(pa.array(start[row] + first)), pool.take(pa.array(ending)), "")


def full_names(draws: Draws, people: People) -> pa.Array:
    return pc.binary_join_element_wise(surnames(draws, people), given_names(draws, people), "")
