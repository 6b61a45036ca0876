"""Decimal texts -> numbers, and numbers from one unit to another: the same arithmetic wherever a value is read."""
# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported, so no checker sees them)

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.reference import Conversion


def parse_numbers(text: pa.Array) -> pa.Array:
    """Decimal texts -> doubles; null where the text is none (no blanks, no thousands separators, no NaN)."""
    try:
        numbers = pc.cast(text, pa.float64())  # nearly always all of them are plain numbers
        if pc.all(pc.is_finite(numbers)).as_py() is not False:
            return numbers
    except pa.ArrowInvalid:
        pass
    fits = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return pc.cast(pc.if_else(fits, pc.utf8_ltrim(text, characters="+"), None), pa.float64())


def parse_integers(text: pa.Array) -> pa.Array:
    """Whole numbers of up to 18 digits -> int64; null where the text is none."""
    fits = pc.match_substring_regex(text, r"^[+-]?\d{1,18}$")
    return pc.cast(pc.if_else(fits, pc.utf8_ltrim(text, characters="+"), None), pa.int64())


def converted(number: pa.Array, c: Conversion) -> pa.Array:
    """The numbers in the other unit."""
    return pc.add(pc.divide(pc.multiply(pc.add(number, c.before), float(c.multiply)), float(c.divide)), c.after)
