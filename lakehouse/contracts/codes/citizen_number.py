"""Citizen number, GB 11643-1999: 6 division, 8 birth date, 3 sequence (odd = male), 1 check character."""
# pyright: reportAttributeAccessIssue=false

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.contracts.codes.characters import alphabet, judged

WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECKS = "10X98765432"
PATTERN = "^[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9X]$"
_DIGIT = alphabet("0123456789")
_CHECK_BYTES = np.frombuffer(CHECKS.encode(), np.uint8)
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def is_valid(numbers: Any) -> pa.BooleanArray:
    """18 characters, birth date that exists (1800-2099), right check character. Null stays null.

    The division is judged apart (`division_code.is_known_on`): it needs a list and a date.
    """
    return judged(numbers, 18, _judge)


def sql(x: str) -> str:
    """The same as Spark SQL over the expression `x`."""
    total = " + ".join(f"instr('123456789', substring({x}, {i}, 1)) * {w}" for i, w in enumerate(WEIGHTS, 1))
    check = f"substring('{CHECKS}', ({total}) % 11 + 1, 1) = substring({x}, 18, 1)"
    return f"length({x}) = 18 and {x} rlike '{PATTERN}' and {_date_sql(x)} is not null and {check}"


def birth_dates(numbers: Any) -> pa.Array:
    """The birth date that an 18-character number tells; null where there is no such date or number."""
    told = pc.match_substring_regex(numbers, PATTERN)
    text = pc.if_else(pc.and_(told, judged(numbers, 18, _has_date)), pc.utf8_slice_codeunits(numbers, 6, 14), None)
    return pc.cast(pc.strptime(text, format="%Y%m%d", unit="s"), pa.date32())


def birth_date_sql(x: str) -> str:
    return f"case when length({x}) = 18 and {x} rlike '{PATTERN}' then {_date_sql(x)} end"


def sex_codes(numbers: Any) -> pa.Array:
    """GB/T 2261.1: `1` male, `2` female, by the 17th character of an 18-character number; else null."""
    last = pc.utf8_slice_codeunits(numbers, 16, 17)
    known = pc.match_substring_regex(numbers, PATTERN)
    return pc.if_else(known, pc.if_else(pc.is_in(last, pa.array(list("13579"))), "1", "2"), None)


def sex_code_sql(x: str) -> str:
    odd = f"substring({x}, 17, 1) in ('1', '3', '5', '7', '9')"
    return f"case when length({x}) = 18 and {x} rlike '{PATTERN}' then case when {odd} then '1' else '2' end end"


def normalised(numbers: Any) -> Any:
    """Full-width characters and blanks taken out, x made X, 15 digits made 18 where their date exists; else as sent."""
    text = pc.utf8_upper(pc.replace_substring_regex(pc.utf8_normalize(numbers, "NFKC"), r"\s", ""))
    is_old = pc.match_substring_regex(text, "^[1-9][0-9]{14}$")
    if not pc.any(is_old).as_py():
        return text
    body = pc.binary_join_element_wise(pc.utf8_slice_codeunits(text, 0, 6), pc.utf8_slice_codeunits(text, 6), "19")
    longer = pc.if_else(is_old, body, None)
    return pc.coalesce(pc.binary_join_element_wise(longer, _check_characters(longer), ""), text)


def _judge(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    values = _DIGIT[codes[:, :17]]
    total = values @ WEIGHTS
    right = (total >= 0) & (_CHECK_BYTES[total % 11] == codes[:, 17])
    return right & (values[:, 0] > 0) & (values >= 0).all(axis=1) & _date_exists(values[:, 6:14])


def _has_date(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return _date_exists(_DIGIT[codes[:, 6:14]])


def _date_exists(digits: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Digits of yyyymmdd, one row a date."""
    year, month, day = (digits[:, a:b] @ 10 ** np.arange(b - a - 1, -1, -1) for a, b in ((0, 4), (4, 6), (6, 8)))
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = _DAYS[np.clip(month, 0, 12)] + leap
    return (year >= 1800) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)


def _check_characters(bodies: Any) -> pa.Array:
    """Check character of each 17-digit body with a date; null elsewhere."""
    found = pa.nulls(len(bodies), pa.string())
    for place, character in enumerate(CHECKS):
        hit = judged(bodies, 17, lambda codes, place=place: _has_date(codes) & ((_DIGIT[codes] @ WEIGHTS) % 11 == place))
        found = pc.if_else(pc.fill_null(hit, False), character, found)
    return found


def _date_sql(x: str) -> str:
    year, month, day = (f"substring({x}, {start}, {length})" for start, length in ((7, 4), (11, 2), (13, 2)))
    return f"try_cast(concat({year}, '-', {month}, '-', {day}) as date)"
