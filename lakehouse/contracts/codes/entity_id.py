"""Id of an entity of the registers: a letter for its kind, 14 characters of Crockford's base 32, a check character.

The check is ISO 7064 MOD 37,36 over the first 15 characters: it finds every single wrong character and nearly all that
changed places.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.contracts.codes.characters import alphabet, judged

LENGTH = 16
BASE_32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
KINDS = {"persons": "P", "enterprises": "E", "addresses": "A", "buildings": "B", "households": "H",
         "road_segments": "R", "service_points": "S"}  # fmt: skip
_VALUE = alphabet(BASE_36)
_BODY = alphabet(BASE_32)


def is_valid(ids: Any) -> pa.BooleanArray:
    """A known letter, a body of base 32, the right check character. Null stays null."""
    return judged(ids, LENGTH, _judge)


def with_check(bodies: Sequence[str]) -> list[str]:
    """Bodies of equal length (0-9, A-Z), each with its check character behind it."""
    if not bodies:
        return []
    width = len(bodies[0])
    codes = np.frombuffer("".join(bodies).encode("ascii"), np.uint8).reshape(-1, width)
    checks = (37 - _product(_VALUE[codes])) % 36
    return [body + BASE_36[check] for body, check in zip(bodies, checks, strict=True)]


def _judge(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    letters = np.isin(codes[:, 0], np.frombuffer("".join(KINDS.values()).encode(), np.uint8))
    is_written = letters & (_BODY[codes[:, 1:15]] >= 0).all(axis=1) & (_VALUE[codes[:, 15]] >= 0)
    return is_written & ((_product(_VALUE[codes[:, :15]]) + _VALUE[codes[:, 15]]) % 36 == 1)


def _product(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """The running product of the hybrid system after all characters but the check."""
    product = np.full(len(values), 36, np.int32)
    for place in range(values.shape[1]):
        total = (product + values[:, place]) % 36
        product = np.where(total == 0, 36, total) * 2 % 37
    return product
