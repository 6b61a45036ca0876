"""Word lists matched in all rows at once, beside the same search one row and one word at a time."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from transforms.conform.texts import Lexicon, Texts, plain

words = st.lists(st.text("杭州市县路a号", min_size=1, max_size=4), min_size=1, max_size=6, unique=True)
rows = st.lists(st.none() | st.text("杭州市县路a号🚀", max_size=8), min_size=1, max_size=6)


def longest(lexicon: list[str], fits) -> int:
    found = sorted((w for w in lexicon if fits(w)), key=len)
    return lexicon.index(found[-1]) if found else -1


@given(words, rows)
def test_the_longest_word_at_both_ends(lexicon, column):
    texts = Texts(pa.array(column, pa.string()))
    number, after = Lexicon(lexicon).at(texts, texts.starts, texts.ends)
    last, begin = Lexicon(lexicon).before(texts, texts.starts, texts.ends)
    for i, row in enumerate(column):
        text = row or ""
        first, final = longest(lexicon, text.startswith), longest(lexicon, text.endswith)
        assert (number[i], last[i]) == (first, final)
        assert after[i] - texts.starts[i] == (len(lexicon[first]) if first >= 0 else 0)
        assert texts.ends[i] - begin[i] == (len(lexicon[final]) if final >= 0 else 0)


@given(rows, st.integers(0, 8), st.integers(0, 8))
def test_places_and_slices(column, first, length):
    texts = Texts(pa.array(column, pa.string()))
    starts = np.minimum(texts.starts + first, texts.ends)
    ends = np.minimum(starts + length, texts.ends)
    sought = "路号"
    at, back, run = (f(sought, starts, ends) - starts for f in (texts.next_of, texts.last_of, texts.run_of))
    for i, row in enumerate(column):
        part = (row or "")[first : first + length]
        assert texts.slices(starts, ends)[i].as_py() == (part or None)
        assert at[i] == min((part.index(c) for c in sought if c in part), default=len(part))
        assert back[i] == max((part.rindex(c) for c in sought if c in part), default=len(part))
        assert run[i] == len(part) - len(part.lstrip(sought))


def test_a_slice_of_a_column_is_read_from_where_it_begins():
    column = pa.array(["零", "杭州", None, "余杭区"]).slice(1)
    texts = Texts(column)
    assert texts.slices(texts.starts, texts.ends).to_pylist() == ["杭州", None, "余杭区"]
    assert Texts(pa.array([], pa.string())).slices(np.array([], int), np.array([], int)).to_pylist() == []


def test_one_way_of_writing():
    assert plain(pa.array(["　杭州市（西湖区）１２号Ａ座 ", "张**", None])).to_pylist() == ["杭州市(西湖区)12号A座", "张", None]
