"""The header of a delivered table: names that can be told apart, and those that were agreed."""

from collections import Counter
from collections.abc import Sequence

from ingestion.batch.faults import Refused
from lakehouse.contracts import Source


def check_names(names: Sequence[str], place: str) -> None:
    """Every column needs a name of its own that is none of ours. `place` is the file and row of the header.

    Raises Refused. Upper and lower case do not tell columns apart, because they do not in SQL.
    """
    if unnamed := [number for number, name in enumerate(names, 1) if not name.strip()]:
        raise Refused(f"{place}: column {unnamed[0]} has no name (merged cells?); write one name above each column.")
    if twice := [name for name, count in Counter(n.lower() for n in names).items() if count > 1]:
        raise Refused(f"{place}: the column {twice[0]} is there twice; give each column its own name.")
    if ours := [name for name in names if name.startswith("_")]:
        raise Refused(f"{place}: the column {ours[0]} begins with _, which marks columns that we add; rename it.")


def compare(found: Sequence[str], source: Source, file_name: str) -> list[str]:
    """Notes on columns that were not agreed. Raises Refused when an agreed one is missing."""
    if missing := [name for name in source.columns if name not in found]:
        raise Refused(
            f"{file_name}: the header lacks {', '.join(missing)} (found: {', '.join(found)[:500]}); "
            "name the columns as agreed, or have the source mapping changed."
        )
    extra = [name for name in found if name not in source.columns]
    return [f"Column {name} is not in the agreement; it is kept in bronze and used nowhere." for name in extra]
