"""A delivery whose Chinese was UTF-8 and was opened as something else and saved again: every byte reads, no word does."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.batch.faults import Extract, Refused
from lakehouse.contracts import Source
from lakehouse.contracts.codes import mojibake

FOREIGN = r"[^\x00-\x7f]"
FEWEST = 3
"""Misread texts from which a whole file is told from a slip of the pen; single ones are marked by the rules of their columns."""


def check(found: Extract, source: Source, name: str) -> None:
    """Raises Refused where more than half of the different texts beyond ASCII, headings among them, were misread."""
    columns = list(_columns(found))
    for program, trace, sample in _MISREAD:
        if not any(pc.any(_is(column, trace())).as_py() for column in columns):
            continue
        texts = [pc.unique(column.filter(_is(column, FOREIGN))) for column in columns]
        foreign, misread = sum(map(len, texts)), sum(pc.sum(_is(column, trace())).as_py() or 0 for column in texts)
        if misread >= FEWEST and misread > foreign / 2:
            raise Refused(
                f"{name}: of {foreign} texts {misread} are Chinese in UTF-8 that a program opened as {program} and saved"
                f" again, so that 德清 reads as {sample}; export the file anew, or open the original as UTF-8, and save it as"
                f" {source.format.encoding or 'utf-8'}."
            )


_MISREAD = (
    ("Latin-1 (Windows-1252)", mojibake.as_latin, "å¾·æ¸…"),
    ("GBK", mojibake.as_gbk, "寰锋竻"),
)


def _columns(found: Extract) -> Iterator[pa.ChunkedArray]:
    yield pa.chunked_array([found.rows.column_names], pa.string())
    yield pa.chunked_array([[u.text for u in found.unparsed]], pa.string())
    yield from found.rows.columns[1:]


def _is(texts: pa.Array | pa.ChunkedArray, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), False)
