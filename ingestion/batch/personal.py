"""Direct identifiers leave the rows before anything is written: the vault has the values, rows and dead letters their tokens.

Whole columns do where the contract says so; numbers that people wrote into other texts do one by one.
"""

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch import numbers_in_text, suppressed
from ingestion.batch.faults import Unparsed
from lakehouse import vault
from lakehouse.contracts import Source, contracts

FREE_TEXT = "free_text"


def names_persons(source: Source) -> bool:
    """Whether the source sends direct identifiers."""
    return bool(_kinds(source))


def may_name_persons(source: Source) -> bool:
    """Whether it sends direct identifiers, or texts in which people may have written some."""
    return source.shape == "records"


@dataclass(frozen=True)
class Tokenised:
    """Rows and dead letters with tokens in place of direct identifiers; in how many texts of a column numbers stood."""

    rows: pa.Table
    unparsed: list[Unparsed]
    numbers: dict[str, int]

    @property
    def remarks(self) -> list[str]:
        where = ", ".join(f"{column} ({count})" for column, count in self.numbers.items() if count)
        said = "Texts hold citizen or mobile numbers, which were replaced by tokens"
        return [f"{said}: {where}. Write such numbers into columns of their own."] if where else []


def tokenised(rows: pa.Table, unparsed: list[Unparsed], source: Source) -> Tokenised:
    """The rows with the token in place of each direct identifier, and the rows that are none.

    Columns that nobody agreed may hold anything; of a source that names persons they are sealed as free text. The format's
    words for missing, blank among them, name nobody and stay.
    """
    if not may_name_persons(source):
        return Tokenised(rows, unparsed, {})
    kinds = _kinds(source)
    rows, stands_in = suppressed.cut(rows, source)
    numbers = {}
    for at, column in enumerate(rows.column_names):
        kind = kinds.get(column, FREE_TEXT if kinds and not _is_clear(column, source) else None)
        if kind:
            rows = rows.set_column(at, column, _sealed(kind, rows[column], source.format.missing))
        elif _is_free_text(column, source):
            texts, numbers[column] = numbers_in_text.tokenised(rows[column])
            rows = rows.set_column(at, column, texts)
    rows = suppressed.put(rows, stands_in)
    if kinds:
        return Tokenised(rows, _sealed_rows(unparsed), numbers)
    unparsed, numbers["dead letters"] = _searched_rows(unparsed)
    return Tokenised(rows, unparsed, numbers)


def _sealed_rows(unparsed: list[Unparsed]) -> list[Unparsed]:
    """Rows that are none, their texts as tokens: what they hold is known only to be of a source that names persons."""
    kept = suppressed.without_erased(pa.array([u.text for u in unparsed], pa.string()))
    texts = vault.tokens(FREE_TEXT, kept).to_pylist()
    return [replace(u, text=text or "") for u, text in zip(unparsed, texts, strict=True)]


def _searched_rows(unparsed: list[Unparsed]) -> tuple[list[Unparsed], int]:
    texts, found = numbers_in_text.tokenised(pa.chunked_array([[u.text for u in unparsed]], pa.string()))
    return [replace(u, text=text) for u, text in zip(unparsed, texts.to_pylist(), strict=True)], found


def _is_free_text(column: str, source: Source) -> bool:
    """Whether people write what they like into a column of the file; of columns that fill nothing nobody knows."""
    if column.startswith("_") or (source.time and column in source.time.columns):
        return False
    filled = [name for name, filling in source.fields.items() if filling.reads == column]
    return all(contracts()[source.feeds].field(name).is_free_text for name in filled)


def _kinds(source: Source) -> dict[str, str]:
    """Column of the file -> kind of its token."""
    direct = contracts()[source.feeds].direct
    return {filling.reads: direct[name] for name, filling in source.fields.items() if name in direct and filling.reads}


def _is_clear(column: str, source: Source) -> bool:
    return column.startswith("_") or column in source.reads or column in source.ignore


def _sealed(kind: str, values: pa.ChunkedArray, missing: tuple[str, ...]) -> pa.ChunkedArray:
    is_word = pc.is_in(values, value_set=pa.array(missing, pa.string()))
    tokens = vault.tokens(kind, pc.if_else(is_word, None, values))
    return pa.chunked_array([pc.if_else(is_word.combine_chunks(), values.combine_chunks(), tokens)])
