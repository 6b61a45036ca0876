"""Citizen numbers (GB 11643), credit codes (GB 32100), organisation codes (GB 11714) and registration numbers, as columns.

All are synthetic: their division is 99xxxx, which GB/T 2260 assigns to no province. Phones begin with 120, which is
no prefix of mobile networks.
"""

import hashlib

import numpy as np
import pyarrow as pa

CITIZEN_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CITIZEN_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_ZERO = ord("0")


def digits(values: np.ndarray, width: int) -> np.ndarray:
    """Decimal digits of whole numbers, shape (n, width), most significant first."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (np.asarray(values, dtype=np.int64)[:, None] // powers[None, :]) % 10


def text(characters: np.ndarray) -> pa.Array:
    """Rows of ASCII bytes (n, width) as strings."""
    joined = np.ascontiguousarray(characters.astype(np.uint8))
    return (
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(joined.shape[1]), len(joined), [None, pa.py_buffer(joined)])
        .cast(pa.binary())
        .cast(pa.string())
    )


def numbers(values: np.ndarray, width: int) -> pa.Array:
    """Whole numbers as text with leading zeros."""
    return text(digits(values, width) + _ZERO)


def day_digits(days: np.ndarray) -> np.ndarray:
    """datetime64[D] as yyyymmdd whole numbers."""
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    in_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    return years * 10_000 + months * 100 + in_month


def citizen_numbers(division: np.ndarray, birth: np.ndarray, sequence: np.ndarray) -> pa.Array:
    """18 characters: division 6, birth date 8, sequence 3 (odd for men), check character (GB 11643-1999)."""
    body = np.hstack([digits(division, 6), digits(day_digits(birth), 8), digits(sequence, 3)])
    checks = CITIZEN_CHECKS[(body * CITIZEN_WEIGHTS).sum(axis=1) % 11]
    return text(np.hstack([body + _ZERO, checks[:, None]]))


def organisation_codes(serial: np.ndarray) -> pa.Array:
    """9 characters: 8 digits and a check character (GB 11714-1997)."""
    body = digits(serial, 8)
    check = 11 - (body * ORGANISATION_WEIGHTS).sum(axis=1) % 11
    last = np.where(check == 10, ord("X"), np.where(check == 11, _ZERO, check + _ZERO))
    return text(np.hstack([body + _ZERO, last[:, None]]))


def credit_codes(authority: np.ndarray, category: np.ndarray, division: np.ndarray, organisation: pa.Array) -> pa.Array:
    """18 characters: authority 1, category 1, division 6, organisation code 9, check 1 (GB 32100-2015)."""
    values = np.array([CREDIT_ALPHABET.find(chr(c)) if chr(c) in CREDIT_ALPHABET else 0 for c in range(128)])
    letters = np.array([ord(c) for c in CREDIT_ALPHABET], dtype=np.uint8)
    inner = np.frombuffer("".join(organisation.to_pylist()).encode(), dtype=np.uint8).reshape(-1, 9)
    body = np.hstack([authority[:, None], category[:, None], digits(division, 6) + _ZERO, inner])
    check = (31 - (values[body] * CREDIT_WEIGHTS).sum(axis=1) % 31) % 31
    return text(np.hstack([body, letters[check][:, None]]))


def registration_numbers(division: np.ndarray, serial: np.ndarray) -> pa.Array:
    """The 15-digit number before 2015: division 6, serial 8, check by ISO 7064 MOD 11,10."""
    body = np.hstack([digits(division, 6), digits(serial, 8)])
    product = np.full(len(body), 10)
    for column in body.T:
        total = (column + product) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    check = (11 - product) % 10
    return text(np.hstack([body, check[:, None]]) + _ZERO)


def phones(serial: np.ndarray) -> pa.Array:
    """11 digits that begin with 120; distinct for distinct serials below 10^8."""
    return text(np.hstack([np.tile([1, 2, 0], (len(serial), 1)), digits(scramble(serial, 10**8, "phones"), 8)]) + _ZERO)


def record_numbers(register: str, serial: np.ndarray, width: int) -> pa.Array:
    """Running numbers of a department's register: distinct, and unlike those of any other register for the same entity."""
    return numbers(scramble(serial, 10**width, register), width)


def scramble(serial: np.ndarray, modulus: int, register: str) -> np.ndarray:
    """A one-to-one map of [0, modulus) for a power of ten up to 10^12, of the register's own."""
    digest = hashlib.sha256(register.encode()).digest()
    factor = int.from_bytes(digest[:2], "little") * 10 + (1, 3, 7, 9)[digest[2] % 4]
    return (np.asarray(serial, dtype=np.int64) * factor + int.from_bytes(digest[3:6], "little")) % modulus
