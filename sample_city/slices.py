"""How slices stack up to a county: entity numbers, and which unit each dwelling stands in.

A county's positions 0..n-1 are laid along the units by their quotas and cut into ten segments. Slice b takes every
tenth position of segment b mod 10, so that slice 0 holds a tenth of one unit in ten and ten slices hold a tenth of
every unit.
"""

from dataclasses import dataclass

import numpy as np

from sample_city.divisions import household_quotas
from sample_city.parameters import SLICES_A_COUNTY, parameters

SEGMENTS = 10


@dataclass(frozen=True)
class Stack:
    """The slices of one county: `first` counts over all counties, `count` is at most 100."""

    county: int
    count: int
    births: int = 0
    moves: int = 0
    """Births and moves in of a slice since the calibrated day."""

    @property
    def people(self) -> int:
        """Person numbers of a slice: the calibrated day's, then births, then moves in."""
        return parameters().slice.people + self.births + self.moves

    @property
    def first(self) -> int:
        return self.county * SLICES_A_COUNTY

    def numbers(self, a_slice: int) -> np.ndarray:
        """Entity numbers, shape (slices, a_slice); entity k of slice b has number b * a_slice + k."""
        rows = self.first + np.arange(self.count, dtype=np.int64)
        return rows[:, None] * a_slice + np.arange(a_slice, dtype=np.int64)[None, :]


def stacks(scale: float, births: int = 0, moves: int = 0) -> list[Stack]:
    """The counties of a city. Raises ValueError unless scale is a whole number of hundredths up to 10."""
    count = round(scale * SLICES_A_COUNTY)
    if abs(count - scale * SLICES_A_COUNTY) > 1e-9 or not 1 <= count <= 10 * SLICES_A_COUNTY:
        raise ValueError(f"--scale {scale}: a city is made of hundredths of the county; give 0.01, 0.02 ... up to 10.")
    full, rest = divmod(count, SLICES_A_COUNTY)
    sizes = [SLICES_A_COUNTY] * full + [rest] * (rest > 0)
    return [Stack(county, size, births, moves) for county, size in enumerate(sizes)]


def units_of(stack: Stack, a_slice: int) -> np.ndarray:
    """Index into `units()` of each entity of a kind that a slice holds `a_slice` of; shape (slices, a_slice)."""
    total = a_slice * SLICES_A_COUNTY
    unit_of_position = np.repeat(np.arange(len(household_quotas(total))), household_quotas(total))
    inside = np.arange(stack.count)
    segment, turn = inside % SEGMENTS, inside // SEGMENTS
    positions = segment[:, None] * (total // SEGMENTS) + turn[:, None] + SEGMENTS * np.arange(a_slice)[None, :]
    return unit_of_position[positions]
