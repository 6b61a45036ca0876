"""Chinese texts as one array of characters, so that word lists are matched in all rows at once.

A word is found by a hash of its characters: with the running sum of mixed characters times powers of an odd base modulo
2^64, the hash of any stretch of any row is one subtraction and one product. Positions count characters of the whole array.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Positions = NDArray[np.int64]
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)


class Texts:
    """A column of text: `starts` and `ends` are the positions of each row; null is the empty text."""

    def __init__(self, column: pa.Array | pa.ChunkedArray) -> None:
        filled = pc.fill_null(column, "")
        array = pc.cast(filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled, pa.large_string())
        _, offsets, data = array.buffers()
        bounds = (
            np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
            if len(array)
            else np.zeros(1, np.int64)
        )
        raw = np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]]
        leading = np.concatenate([[0], np.cumsum((raw & 0xC0) != 0x80)])
        places = leading[bounds - bounds[0]]
        self._bytes = raw
        self._byte_of = np.append(np.flatnonzero((raw & 0xC0) != 0x80), len(raw))
        self.characters = np.frombuffer(raw.tobytes().decode("utf-8").encode("utf-32-le"), np.uint32)
        self.starts, self.ends = places[:-1], places[1:]
        self._sums = _running_sums(self.characters)
        self._unshift = _powers(INVERSE, len(self.characters) + 1)

    def hashes(self, starts: Positions, ends: Positions) -> NDArray[np.uint64]:
        """Hash of the characters from start to before end."""
        return (self._sums[ends] - self._sums[starts]) * self._unshift[starts]

    def slices(self, starts: Positions, ends: Positions) -> pa.Array:
        """The stretches as a string column; null where a stretch is empty."""
        ends = np.maximum(starts, ends)
        first, lengths = self._byte_of[starts], self._byte_of[ends] - self._byte_of[starts]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        taken = np.repeat(first - offsets[:-1], lengths) + np.arange(offsets[-1])
        buffers = [None, pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(self._bytes[taken].tobytes())]
        whole = pc.cast(pa.Array.from_buffers(pa.large_string(), len(starts), buffers), pa.string())
        return pc.if_else(pa.array(lengths > 0), whole, None)

    def next_of(self, characters: str, starts: Positions, ends: Positions) -> Positions:
        """Place of the first of the characters from start to before end; end where there is none."""
        found = np.flatnonzero(np.isin(self.characters, _code_points(characters)))
        after = np.searchsorted(found, starts)
        place = np.append(found, np.iinfo(np.int64).max)[after]
        return np.where(place < ends, place, ends)

    def last_of(self, characters: str, starts: Positions, ends: Positions) -> Positions:
        """Place of the last of the characters from start to before end; end where there is none."""
        found = np.flatnonzero(np.isin(self.characters, _code_points(characters)))
        place = np.append(-1, found)[np.searchsorted(found, ends)]
        return np.where(place >= starts, place, ends)

    def run_of(self, characters: str, starts: Positions, ends: Positions) -> Positions:
        """Where the run of the characters that begins at start ends."""
        other = np.flatnonzero(~np.isin(self.characters, _code_points(characters)))
        place = np.append(other, np.iinfo(np.int64).max)[np.searchsorted(other, starts)]
        return np.minimum(place, np.maximum(starts, ends))

    def is_one_of(self, characters: str, places: Positions, ends: Positions) -> NDArray[np.bool_]:
        """Whether the place lies before the end and holds one of the characters."""
        held = np.append(self.characters, 0)[np.minimum(places, len(self.characters))]
        return (places < ends) & np.isin(held, _code_points(characters))


class Lexicon:
    """Words (their place in the list is their number) that are looked for at a place, the longest first."""

    def __init__(self, words: Sequence[str]) -> None:
        texts = Texts(pa.array(words, pa.string()))
        hashes, lengths = texts.hashes(texts.starts, texts.ends), texts.ends - texts.starts
        self._shortest = min(2, int(lengths.min(initial=2)))
        self._heads = np.unique(texts.hashes(texts.starts, texts.starts + self._shortest))
        self._tails = np.unique(texts.hashes(texts.ends - self._shortest, texts.ends))
        self._of_length = {}
        for length in sorted({*lengths.tolist()}, reverse=True):
            numbers = np.flatnonzero(lengths == length)
            order = np.argsort(hashes[numbers], kind="stable")
            self._of_length[length] = hashes[numbers][order], numbers[order]

    def at(self, texts: Texts, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
        """Number of the longest word that begins at start and ends by end (-1: none), and where it ends."""
        number, after = np.full(len(starts), -1), np.array(starts)
        for rows, low, length, found in self._hits(texts, starts, ends, self._heads, from_start=True):
            number[rows], after[rows] = found, low + length
        return number, after

    def before(self, texts: Texts, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
        """Number of the longest word that ends at end and begins at start or later (-1: none), and where it begins."""
        number, begin = np.full(len(starts), -1), np.array(ends)
        for rows, low, _, found in self._hits(texts, starts, ends, self._tails, from_start=False):
            number[rows], begin[rows] = found, low
        return number, begin

    def _hits(
        self, texts: Texts, starts: Positions, ends: Positions, edges: NDArray, from_start: bool
    ) -> Iterator[tuple[Positions, Positions, int, Positions]]:
        """Rows, places, length and numbers of what is found, length by length; two characters rule most rows out at once."""
        rows = np.flatnonzero(ends - starts >= self._shortest)
        low = starts[rows] if from_start else ends[rows] - self._shortest
        rows = rows[_places_in(edges, texts.hashes(low, low + self._shortest)) >= 0]
        for length, (hashes, numbers) in self._of_length.items():
            able = rows[(ends[rows] - starts[rows]) >= length]
            low = starts[able] if from_start else ends[able] - length
            place = _places_in(hashes, texts.hashes(low, low + length))
            hit = place >= 0
            yield able[hit], low[hit], length, numbers[place[hit]]
            rows = np.setdiff1d(rows, able[hit], assume_unique=True)


def _places_in(ordered: NDArray, sought: NDArray) -> Positions:
    """Place of each value in an ordered array; -1 where it is not in it."""
    place = np.minimum(np.searchsorted(ordered, sought), len(ordered) - 1)
    return np.where(ordered[place] == sought, place, -1) if len(ordered) else np.full(len(sought), -1)


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Full-width letters, digits and brackets as half-width, blanks and stars taken out."""
    return pc.replace_substring_regex(pc.utf8_normalize(column, "NFKC"), r"[\s*\x{200B}\x{FEFF}]", "")


def _code_points(characters: Iterable[str]) -> NDArray[np.uint32]:
    return np.array([ord(c) for c in characters], np.uint32)


def _running_sums(characters: NDArray[np.uint32]) -> NDArray[np.uint64]:
    mixed = (characters.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    terms = mixed * _powers(BASE, len(characters))
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors, dtype=np.uint64)
