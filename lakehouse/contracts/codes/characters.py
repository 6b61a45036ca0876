"""Fixed-length codes as matrices of bytes, so that check characters are computed for all rows at once."""
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

BLOCK = 1 << 16
"""Rows at a time: the matrix stays in the processor's cache."""

Judge = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]


def alphabet(characters: str) -> NDArray[np.int32]:
    """Byte -> its place in `characters`; -1000 where it is none of them, which no sum of weights makes good."""
    table = np.full(256, -1000, np.int32)
    table[np.frombuffer(characters.encode("ascii"), np.uint8)] = np.arange(len(characters))
    return table


def judged(texts: Any, length: int, judge: Judge) -> pa.BooleanArray:
    """Whether each text has `length` bytes and its bytes, a row of a (rows, length) matrix, please `judge`.

    Null stays null. Raises ValueError for a column that is no text.
    """
    data, starts, fits, missing = _laid_out(texts, length)
    verdict = np.zeros(len(starts), bool)
    places = np.flatnonzero(fits)
    for first in range(0, len(places), BLOCK):
        block = places[first : first + BLOCK]
        verdict[block] = judge(data[starts[block][:, None] + np.arange(length)])
    return pa.array(verdict, mask=missing)


def _laid_out(texts: Any, length: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Bytes of all texts, where each text starts, which have the wanted length, which are null."""
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        raise ValueError(f"A code is text, and this column is {texts.type}; read it as text or its zeros are lost.")
    array = pc.cast(texts, pa.large_string())
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1] if len(array) else np.zeros(1, int)
    missing = pc.is_null(array).to_numpy(zero_copy_only=False)
    fits = (np.diff(bounds) == length) & ~missing
    return np.frombuffer(data or b"", np.uint8), bounds[:-1], fits, missing
