"""Person names in one way of writing, with the keys by which records of one person find each other in spite of a slip.

Slips that the comparison knows: another way of writing a character (陳, 陈), a character that sounds alike, the two
characters of the given name swapped, one character wrong or left out.
"""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse import reference
from transforms.conform.texts import Texts

LONGEST = 24
"""Characters that are compared; names of minorities written in Chinese stay below it."""
DOTS = "[•・‧∙･.．·]"


def normalised_names(names: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Half-width, upper case, no blanks or masks, one kind of middle dot, variant characters as standard ones; empty is null."""
    text = pc.replace_substring_regex(pc.utf8_normalize(names, "NFKC"), r"[\s*\x{200B}\x{FEFF}]", "")
    text = pc.utf8_upper(pc.replace_substring_regex(text, DOTS, "·"))
    characters = _characters(text)
    standard = _variants()[np.minimum(characters, len(_variants()) - 1)]
    made = _texts(np.where(characters < len(_variants()), standard, characters))
    return pc.if_else(pc.greater(pc.utf8_length(_whole(text)), LONGEST), _whole(text), made)


def name_keys(names: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Normalised names -> surname, given_name, surname_pinyin, name_pinyin (no tones), any_order_key.

    `any_order_key`: surname and the characters of the given name in a fixed order, alike for swapped ones.
    """
    characters = _characters(names)
    length, split = (characters > 0).sum(axis=1), _surname_lengths(characters)
    surname, given = _part(characters, np.zeros_like(split), split), _part(characters, split, length)
    surname_pinyin = pc.coalesce(_looked_up_surnames(_texts(surname)), _pinyin(surname))
    given_pinyin = _pinyin(given)
    ordered = np.sort(given, axis=1)
    return pa.table(
        {
            "surname": _texts(surname),
            "given_name": _texts(given),
            "surname_pinyin": surname_pinyin,
            "name_pinyin": _joined(surname_pinyin, given_pinyin),
            "any_order_key": _joined(_texts(surname), _texts(ordered)),
        }
    )


def compare_names(left: pa.Array | pa.ChunkedArray, right: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Pairs of normalised names -> `exact`, `homophone`, `swapped`, `one_character` or `different`; null where one is null."""
    keys_left, keys_right = name_keys(left), name_keys(right)
    cases = [
        pc.equal(left, right),
        pc.equal(keys_left["name_pinyin"], keys_right["name_pinyin"]),
        pc.equal(keys_left["any_order_key"], keys_right["any_order_key"]),
        pa.array(_one_apart(*np.split(_characters(left, right), 2))),
    ]
    asked = pc.make_struct(*(pc.fill_null(_whole(case), False) for case in cases))
    level = pc.case_when(asked, "exact", "homophone", "swapped", "one_character", "different")
    return pc.if_else(_whole(pc.and_(pc.is_valid(left), pc.is_valid(right))), level, None)


def _one_apart(left: NDArray, right: NDArray) -> NDArray[np.bool_]:
    """One character differs, or one is missing; at least two stay the same."""
    n_left, n_right = ((characters > 0).sum(axis=1) for characters in (left, right))
    replaced = (n_left == n_right) & (n_left >= 3) & ((left != right).sum(axis=1) == 1)
    longer = np.where((n_left > n_right)[:, None], left, right)
    shorter = np.where((n_left > n_right)[:, None], right, left)
    same_head = np.cumprod(longer == shorter, axis=1).sum(axis=1)
    place = np.arange(left.shape[1] - 1)
    tail_fits = ((longer[:, 1:] == shorter[:, :-1]) | (place < same_head[:, None])).all(axis=1)
    missing = (np.abs(n_left - n_right) == 1) & (np.minimum(n_left, n_right) >= 2) & tail_fits
    return replaced | missing


def _surname_lengths(characters: NDArray) -> NDArray[np.int64]:
    """2 for a compound surname with a given name behind it, else 1; a name with a middle dot or Latin letters has none."""
    first_two = _texts(characters[:, :2])
    is_compound = pc.fill_null(pc.is_in(first_two, pa.array([s for s in _surnames() if len(s) == 2])), False)
    compound = is_compound.to_numpy(zero_copy_only=False) & (characters[:, 2] > 0)
    has_none = (characters == ord("·")).any(axis=1) | (characters[:, 0] < 0x3400)
    return np.where(has_none, 0, np.where(compound, 2, np.minimum((characters > 0).sum(axis=1), 1)))


def _part(characters: NDArray, start: NDArray, end: NDArray) -> NDArray:
    """Characters from start to before end, moved to the front."""
    width = characters.shape[1]
    place = np.arange(width)[None, :] + start[:, None]
    taken = np.take_along_axis(characters, np.minimum(place, width - 1), axis=1)
    return np.where(place < end[:, None], taken, 0).astype(np.uint32)


def _characters(*columns: pa.Array | pa.ChunkedArray) -> NDArray[np.uint32]:
    """Code points, one row a name, zeros behind, as wide as the longest name needs; null is all zeros.

    Of several columns, the names of one follow those of the other.
    """
    texts = Texts(pa.chunked_array([chunk for column in columns for chunk in _chunks(column)], pa.string()))
    width = min(LONGEST, max(4, int((texts.ends - texts.starts).max(initial=0))))
    place = texts.starts[:, None] + np.arange(width)
    held = np.append(texts.characters, 0)[np.minimum(place, len(texts.characters))]
    return np.where(place < texts.ends[:, None], held, 0).astype(np.uint32)


def _texts(characters: NDArray) -> pa.Array:
    """The way back: what is not zero, one behind the other; an empty row is null."""
    n_bytes = np.searchsorted([1, 0x80, 0x800, 0x10000], characters, side="right")
    offsets = np.concatenate([[0], np.cumsum(n_bytes.sum(axis=1))]).astype(np.int32)
    data = characters[characters > 0].astype("<u4").tobytes().decode("utf-32-le").encode("utf-8")
    texts = pa.Array.from_buffers(pa.string(), len(characters), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    return pc.if_else(pa.array(np.diff(offsets) > 0), texts, None)


def _pinyin(characters: NDArray) -> pa.Array:
    """Syllables of the characters, one behind the other; what has none stands for itself; null for no characters."""
    syllables, number = _syllables()
    columns = []
    for column in characters.T:
        if not column.any():
            break
        known = number[np.minimum(column, len(number) - 1)]
        spoken = pc.take(syllables, pa.array(known, mask=known < 0))
        columns.append(pc.fill_null(pc.coalesce(spoken, _texts(column[:, None])), ""))
    if not columns:
        return pa.nulls(len(characters), pa.string())
    joined = pc.binary_join_element_wise(*columns, "")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    """The two with a blank between; null where both are."""
    joined = pc.utf8_trim(pc.binary_join_element_wise(pc.fill_null(first, ""), pc.fill_null(second, ""), " "), " ")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _looked_up_surnames(surnames: pa.Array) -> pa.Array:
    known = _surnames()
    return pc.take(pa.array(known.values()), pc.index_in(surnames, value_set=pa.array(known.keys())))


def _chunks(column: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@cache
def _surnames() -> dict[str, str]:
    """Surnames that are read otherwise than the character elsewhere, and compound ones."""
    return reference.lookup("surnames", "surname", "pinyin")


@cache
def _variants() -> NDArray[np.uint32]:
    table = np.arange(0x10000, dtype=np.uint32)
    for variant, standard in reference.lookup("name_variants", "variant", "standard").items():
        table[ord(variant)] = ord(standard)
    return table


@cache
def _syllables() -> tuple[pa.Array, NDArray[np.int64]]:
    """Syllables, and the number of its syllable for each character (-1: none); the last place is for all others."""
    readings = reference.lookup("pinyin", "character", "pinyin")
    syllables = sorted(set(readings.values()))
    place = {syllable: i for i, syllable in enumerate(syllables)}
    number = np.full(0x10001, -1)
    number[[ord(c) for c in readings]] = [place[syllable] for syllable in readings.values()]
    return pa.array(syllables), number
