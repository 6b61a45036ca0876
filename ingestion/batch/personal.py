"""Direct identifiers leave the rows before anything is written: the vault has the values, rows and dead letters their tokens."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch import suppressed
from ingestion.batch.faults import Unparsed
from lakehouse import vault
from lakehouse.contracts import Source, contracts

FREE_TEXT = "free_text"


def names_persons(source: Source) -> bool:
    """Whether the source sends direct identifiers."""
    return bool(_kinds(source))


def tokenised(rows: pa.Table, source: Source) -> pa.Table:
    """The rows with the token in place of each direct identifier.

    Columns that nobody agreed may hold anything, so they are sealed as free text. The format's words for missing, blank among
    them, name nobody and stay.
    """
    if not (kinds := _kinds(source)):
        return rows
    rows, stands_in = suppressed.cut(rows, source)
    for at, column in enumerate(rows.column_names):
        kind = kinds.get(column, None if _is_clear(column, source) else FREE_TEXT)
        if kind:
            rows = rows.set_column(at, column, _sealed(kind, rows[column], source.format.missing))
    return suppressed.put(rows, stands_in)


def sealed(unparsed: list[Unparsed], source: Source) -> list[Unparsed]:
    """Rows that are none, their texts as tokens: what they hold is known only to be of a source that names persons."""
    if not unparsed or not names_persons(source):
        return unparsed
    kept = suppressed.without_erased(pa.array([u.text for u in unparsed], pa.string()))
    texts = vault.tokens(FREE_TEXT, kept).to_pylist()
    return [replace(u, text=text or "") for u, text in zip(unparsed, texts, strict=True)]


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
