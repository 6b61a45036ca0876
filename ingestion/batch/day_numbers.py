"""Dates that a workbook's cells hold as numbers of days, because they lost their format: they are read, and the sender told."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Source, contracts
from lakehouse.instants import DAY_NUMBER


def remarks(rows: pa.Table, source: Source) -> Iterator[str]:
    """A sentence for each column of dates that holds such numbers."""
    if source.format is None or source.format.type != "excel":
        return
    for column in _columns_of_dates(source):
        count = pc.sum(pc.match_substring_regex(rows[column], f"^{DAY_NUMBER.pattern}$")).as_py()
        if count:
            yield f"Column {column} holds {count} dates as numbers of days; they are read as dates. Format the cells as dates."


def _columns_of_dates(source: Source) -> list[str]:
    kinds = {field.name: field.logical_type for field in contracts()[source.feeds].fields}
    filled = [f.reads for name, f in source.fields.items() if f.reads and kinds.get(name) in ("date", "timestamp")]
    alone = source.time.columns if source.time and len(source.time.columns) == 1 else ()
    return list(dict.fromkeys([*filled, *alone]))
