"""Registration number of a market entity before the credit code, GS 15-2006: 6 authority, 8 serial, 1 check digit.

The check digit is ISO 7064 MOD 11,10 (GB/T 17710). Numbers of 13 digits, older still, have no check digit.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.contracts.codes.characters import alphabet, judged

_DIGIT = alphabet("0123456789")


def is_valid(numbers: Any) -> pa.BooleanArray:
    """15 digits, the last one right. Null stays null."""
    return judged(numbers, 15, _judge)


def sql(x: str) -> str:
    """The same as Spark SQL over the expression `x`."""
    product = "10"
    for place in range(1, 15):
        product = f"(({product} + instr('123456789', substring({x}, {place}, 1)) + 9) % 10 + 1) * 2 % 11"
    check = f"({product} + instr('123456789', substring({x}, 15, 1))) % 10 = 1"
    return f"length({x}) = 15 and {x} rlike '^[0-9]{{15}}$' and {check}"


def _judge(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    digits = _DIGIT[codes]
    product = np.full(len(codes), 10, np.int32)
    for place in range(14):
        product = ((product + digits[:, place] + 9) % 10 + 1) * 2 % 11
    return (digits >= 0).all(axis=1) & ((product + digits[:, 14]) % 10 == 1)
