"""The header of a delivered table: names that can be told apart, and those that were agreed.

What stands where the header should may be a row that names persons, so nothing of it is repeated until it looks like a header.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ingestion.batch.faults import Extract, Refused
from lakehouse.contracts import Source

SEARCHED_ROWS = 10
"""A title and headings of several rows are no more than this."""
LIKE = 0.6


@dataclass(frozen=True)
class Heading:
    """Where the headings stand (row from 1) and what they are, from the first column on."""

    row_no: int
    names: list[str]


def check_names(names: Sequence[str], place: str) -> None:
    """Every column needs a name of its own that is none of ours. `place` is the file and row of the header.

    Raises Refused. Upper and lower case do not tell columns apart, because they do not in SQL.
    """
    if unnamed := [number for number, name in enumerate(names, 1) if not name.strip()]:
        raise Refused(f"{place}: column {unnamed[0]} has no name (merged cells?); write one name above each column.")
    folded = [name.strip().lower() for name in names]
    if twice := [name for name, count in Counter(folded).items() if count > 1]:
        first, second, *_ = [number for number, name in enumerate(folded, 1) if name == twice[0]]
        raise Refused(f"{place}: columns {first} and {second} have the same name; give each column its own.")
    if ours := [number for number, name in enumerate(names, 1) if name.startswith("_")]:
        raise Refused(f"{place}: the name of column {ours[0]} begins with _, which marks columns that we add; rename it.")


def find(grid: Sequence[Sequence[str]], source: Source, row_no: int) -> Heading:
    """The row of a sheet with most of the agreed headings; where its cells are empty (merged), the cell above counts.

    The agreed row wins over others that are no better. `grid` are the first rows; row_no is at most their number.
    """
    agreed = {*source.columns, *(name for names in source.aliases.values() for name in names)}
    candidates = [Heading(row_no, _trimmed(grid[row_no - 1]))]
    for number in range(1, min(len(grid), SEARCHED_ROWS) + 1):
        candidates += [Heading(number, _trimmed(names)) for names in (grid[number - 1], _filled(grid, number))]
    return max(candidates, key=lambda found: len(agreed & set(found.names)))


def compare(found: Extract, source: Source, file_name: str) -> Extract:
    """The same rows under the agreed names, with remarks. Raises Refused when an agreed column is missing."""
    names = [name.strip() for name in found.rows.column_names]
    renamed = dict(_by_alias(names, source))
    names = [renamed.get(name, name) for name in names]
    extra = [name for name in names[1:] if name not in source.columns and name not in source.ignore]
    if missing := [name for name in source.columns if name not in names]:
        raise Refused(_lacking(missing, extra, names[1:], source, file_name))
    told = [f"Column {was} was read as {now}, which was agreed, too." for was, now in renamed.items()]
    told += [f"Column {name} is not in the agreement; it is kept in bronze and used nowhere." for name in extra]
    return Extract(found.rows.rename_columns(names), found.unparsed, [*found.notes, *told])


def _by_alias(names: Sequence[str], source: Source) -> Iterator[tuple[str, str]]:
    for column, others in source.aliases.items():
        if column not in names and (there := [other for other in others if other in names]):
            yield there[0], column


def _lacking(missing: list[str], extra: list[str], names: list[str], source: Source, file_name: str) -> str:
    lacks = f"{file_name}: the header lacks {', '.join(missing)}"
    mend = "name the columns as agreed, or have the source mapping changed."
    if source.shape == "records" and len(missing) > len(source.columns) / 2:
        return f"{lacks}. What stands there is not repeated, since it may be a row; begin with the agreed headings."
    pairs = ((name, _alike(name, missing, extra)) for name in missing if len(missing) <= len(extra))
    alike = [f"{new} looks like {name}" for name, new in pairs if new]
    found = "; ".join(alike) if alike else f"found: {', '.join(names)[:500]}"
    return f"{lacks} ({found}); {mend}"


def _alike(name: str, missing: list[str], extra: list[str]) -> str | None:
    """The new column that may be the missing one: by its name, or because nothing else changed."""
    by_name = {new.lower(): new for new in extra}
    close = get_close_matches(name.lower(), by_name, n=1, cutoff=LIKE)
    held = [new for new in extra if name.lower() in new.lower() or new.lower() in name.lower()]
    only = extra if len(missing) == len(extra) == 1 else []
    return next(iter([*held, *(by_name[c] for c in close), *only]), None)


def _trimmed(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _filled(grid: Sequence[Sequence[str]], number: int) -> list[str]:
    """A row of headings, its empty cells filled from the row above, which must then be merged downwards."""
    row = grid[number - 1]
    above = grid[number - 2] if number > 1 else row
    return [(cell or over).strip() for cell, over in zip(row, above, strict=True)]
