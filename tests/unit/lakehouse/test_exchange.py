"""Rows exchanged: the content is right, and files without a row that goes are left alone; expected rows by hand."""

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.exchange import exchange

NAME = "silver.some"
SCHEMA = pa.schema([("key", pa.string()), ("value", pa.int64())])


def rows(*pairs: tuple[str, int | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, pair, strict=True)) for pair in pairs], SCHEMA)


def keys(*names: str) -> pa.Table:
    return pa.table({"key": pa.array(names, pa.string())})


def content() -> list[tuple]:
    table = tables.read(NAME)
    assert table.schema.names == SCHEMA.names
    return sorted(((row["key"], row["value"]) for row in table.to_pylist()), key=str)


@pytest.fixture
def two_files(home):
    """a and b lie in one file, c in another."""
    tables.replace(NAME, rows(("a", 1), ("a", None), ("b", 2), ("b", 2)))
    tables.append(NAME, rows(("c", 3)))


def test_rows_take_the_place_of_others_and_other_files_stay(two_files):
    before = set(tables.files(NAME))
    assert exchange(NAME, keys("a", "d"), rows(("a", None), ("d", 4))) == 5
    assert content() == [("a", None), ("b", 2), ("b", 2), ("c", 3), ("d", 4)]
    assert len(before & set(tables.files(NAME))) == 1


def test_of_rows_that_are_alike_as_many_stay_as_are_given(two_files):
    assert exchange(NAME, keys("b"), rows(("b", 2))) == 4
    assert content() == [("a", 1), ("a", None), ("b", 2), ("c", 3)]


def test_what_only_comes_is_added_and_what_only_goes_is_taken(two_files):
    before = set(tables.files(NAME))
    exchange(NAME, keys("d"), rows(("d", 4)))
    assert before < set(tables.files(NAME))
    exchange(NAME, keys("c", "d"), rows())
    assert content() == [("a", 1), ("a", None), ("b", 2), ("b", 2)]


def test_what_is_as_it_was_is_not_written(two_files):
    version = tables.version(NAME)
    assert exchange(NAME, keys("c"), rows(("c", 3))) == 5
    assert tables.version(NAME) == version


def test_a_reader_of_new_files_sees_the_rows_that_came(two_files):
    version = tables.version(NAME)
    exchange(NAME, keys("c"), rows(("c", 5)))
    (file,) = tables.files_added(NAME, version, version + 1)
    assert file.exists() and content()[-1] == ("c", 5)
