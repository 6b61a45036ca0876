"""Files that a department dropped into a folder."""

from collections.abc import Iterator
from pathlib import Path

LEFT = (".part", ".note.json")
"""Endings of files that are not whole yet, and of the notes beside files."""


def files(folder: Path) -> Iterator[Path]:
    """Complete files of the folder by name; names that start with a dot or end in .part are not yet ours."""
    for path in sorted(folder.glob("*")):
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(LEFT):
            yield path
