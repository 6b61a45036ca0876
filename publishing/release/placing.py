"""Folders of a release: built under a name of their own, then put in place whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".building-"


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A folder beside the target, on its file system; gone afterwards unless it was put in place.

    What a killed build left behind is removed first.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{PREFIX}*"):
        if not _lives(left.name.removeprefix(PREFIX).split("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place(folder: Path, target: Path, replace: bool) -> Path:
    """Give the built folder its name. `replace`: what is there was never recorded, so it makes way.

    Raises FileExistsError when something is there and may not be replaced.
    """
    if target.exists() and not replace:
        raise FileExistsError(f"{target} is there already; name another --out or remove that folder.")
    shutil.rmtree(target, ignore_errors=True)
    folder.chmod(0o755)
    os.rename(folder, target)
    return target


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
