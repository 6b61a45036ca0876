"""Files that a department dropped into a folder."""

from collections.abc import Iterator
from pathlib import Path


def files(folder: Path) -> Iterator[Path]:
    """Complete files of the folder by name; names that start with a dot or end in .part are not yet ours."""
    for path in sorted(folder.glob("*")):
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".part":
            yield path
