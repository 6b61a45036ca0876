"""The measure of the verification service: subjects are citizen numbers; a difference is seen where there is one."""

import numpy as np
import pyarrow as pa

from benchmarks.verification import chance
from benchmarks.verification_server import numbers
from lakehouse.contracts.codes import citizen_number


def test_subjects_are_valid_numbers_and_all_others() -> None:
    made = numbers(5_000, 3_000)
    assert len(set(made)) == 3_000 and pa.compute.all(citizen_number.is_valid(pa.array(made))).as_py()
    assert not set(made) & set(numbers(0, 5_000))


def test_chance_is_small_for_a_shift_and_not_for_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 1, 2_000)
    assert chance(noise + 0.2) < 0.01 < chance(noise - noise.mean() + 0.01)
