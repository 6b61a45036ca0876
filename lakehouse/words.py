"""Text columns as dictionaries: each distinct word once, and a number per row.

Readings repeat few words millions of times, so what a word means is settled once per word, in plain Python, and
spread over the rows as numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

WORDS = pa.dictionary(pa.int32(), pa.string())


def encoded(texts: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """A text column as words and numbers; a null is a row without number, never a word."""
    one = texts.dictionary_encode() if not pa.types.is_dictionary(texts.type) else texts
    return one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one


def chosen(words: Sequence[str | None], which: pa.Array) -> pa.DictionaryArray:
    """Row by row the word of that number; null where the number or the word is null. Equal words become one."""
    place: dict[str | None, int] = {word: at for at, word in enumerate(dict.fromkeys(w for w in words if w is not None))}
    numbers = pa.array([place.get(w) for w in words], pa.int32()).take(which)
    return pa.DictionaryArray.from_arrays(numbers, pa.array(list(place), pa.string()))


def spread(column: pa.DictionaryArray, row: pa.Array) -> pa.DictionaryArray:
    """Words of some rows on those that point back to them."""
    return pa.DictionaryArray.from_arrays(column.indices.take(row), column.dictionary)


def reworded(column: pa.DictionaryArray, meaning: Mapping[str | None, str]) -> pa.DictionaryArray:
    """Each word's meaning; null where it has none."""
    return chosen([meaning.get(word) for word in column.dictionary.to_pylist()], column.indices)


def constant(word: str | None, rows: int) -> pa.DictionaryArray:
    """The same word in all rows."""
    return chosen([word], pa.array(np.zeros(rows, np.int32)))


def combined(*columns: pa.DictionaryArray) -> tuple[list[tuple[str | None, ...]], pa.Array]:
    """The distinct combinations of the columns' words, and for each row the number of its combination."""
    packed, words = np.zeros(len(columns[0]), np.int64), []
    for column in columns:
        words.append([*column.dictionary.to_pylist(), None])
        packed = packed * len(words[-1]) + column.indices.fill_null(len(words[-1]) - 1).to_numpy()
    distinct = pa.array(packed).dictionary_encode()
    return [_unpacked(number, words) for number in distinct.dictionary.to_pylist()], distinct.indices


def _unpacked(number: int, words: list[list[str | None]]) -> tuple[str | None, ...]:
    found = []
    for column in reversed(words):
        number, at = divmod(number, len(column))
        found.append(column[at])
    return tuple(reversed(found))
