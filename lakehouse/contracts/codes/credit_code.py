"""Unified social credit code, GB 32100-2015, and the organisation code within it, GB 11714-1997.

18 characters: authority, category, 6 division, 9 organisation code, check. No I, O, S, V, Z.
"""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse import reference
from lakehouse.contracts.codes.characters import alphabet, judged

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
PATTERN = f"^[{CHARACTERS}]{{2}}[0-9]{{6}}[{CHARACTERS}]{{10}}$"
ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
ORGANISATION_CHECKS = "0X987654321"
_VALUE = alphabet(CHARACTERS)
_ORGANISATION_VALUE = alphabet(ORGANISATION_CHARACTERS)
_ORGANISATION_CHECK_BYTES = np.frombuffer(ORGANISATION_CHECKS.encode(), np.uint8)


def is_valid(codes: Any) -> pa.BooleanArray:
    """Alphabet, authority with category, six digits of a division, right check character. Null stays null.

    Whether the organisation code in places 9-17 is right too is a question of its own (`is_organisation_code`).
    """
    return judged(codes, 18, _judge)


def sql(x: str) -> str:
    """The same as Spark SQL over the expression `x`."""
    total = " + ".join(f"(instr('{CHARACTERS}', substring({x}, {i}, 1)) - 1) * {w}" for i, w in enumerate(WEIGHTS, 1))
    check = f"substring('{CHARACTERS}', (31 - ({total}) % 31) % 31 + 1, 1) = substring({x}, 18, 1)"
    known = ", ".join(f"'{pair}'" for pair in _categories())
    return f"length({x}) = 18 and {x} rlike '{PATTERN}' and substring({x}, 1, 2) in ({known}) and {check}"


def is_organisation_code(codes: Any) -> pa.BooleanArray:
    """Nine characters without the hyphen, the last one right. Null stays null."""
    return judged(codes, 9, _judge_organisation)


def organisation_sql(x: str) -> str:
    """The same as Spark SQL over the expression `x`."""
    total = " + ".join(
        f"(instr('{ORGANISATION_CHARACTERS}', substring({x}, {i}, 1)) - 1) * {w}" for i, w in enumerate(ORGANISATION_WEIGHTS, 1)
    )
    check = f"substring('{ORGANISATION_CHECKS}', ({total}) % 11 + 1, 1) = substring({x}, 9, 1)"
    return f"length({x}) = 9 and {x} rlike '^[0-9A-Z]{{8}}[0-9X]$' and {check}"


@cache
def _categories() -> tuple[str, ...]:
    return tuple(row["authority_code"] + row["category_code"] for row in reference.rows("credit_code_categories"))


@cache
def _is_category() -> NDArray[np.bool_]:
    """Table by value of authority and value of category."""
    table = np.zeros((len(CHARACTERS), len(CHARACTERS)), bool)
    for authority, category in _categories():
        table[CHARACTERS.index(authority), CHARACTERS.index(category)] = True
    return table


def _judge(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _VALUE[codes]
    written = (values >= 0).all(axis=1) & (values[:, 2:8] <= 9).all(axis=1)
    values = np.maximum(values, 0)
    right = (31 - (values[:, :17] @ WEIGHTS) % 31) % 31 == values[:, 17]
    return written & right & _is_category()[values[:, 0], values[:, 1]]


def _judge_organisation(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _ORGANISATION_VALUE[codes[:, :8]]
    check = _ORGANISATION_CHECK_BYTES[(values @ ORGANISATION_WEIGHTS) % 11]
    return (values >= 0).all(axis=1) & (check == codes[:, 8])
