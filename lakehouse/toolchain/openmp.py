"""The OpenMP runtime that LightGBM expects of the system; a bare Linux lacks it, a wheel of ours has one."""

import ctypes
import importlib.util
import sys
from pathlib import Path

from lakehouse.settings import settings

NAME = "libgomp.so.1"


def provide_openmp(say=print) -> None:
    """Where the system has none, link scikit-learn's copy into `toolchain/lib`, which `./lake` offers."""
    link = settings().toolchain / "lib" / NAME
    link.unlink(missing_ok=True)
    if sys.platform != "linux" or loads(NAME):
        return
    copy = _wheel_copy()
    if copy is None:
        raise RuntimeError(f"{NAME} was not found, LightGBM needs it. Debian, Ubuntu: apt-get install libgomp1.")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(copy)
    say(f"  {NAME} is missing on this machine: scikit-learn's copy is used")


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _wheel_copy() -> Path | None:
    sklearn = importlib.util.find_spec("sklearn")
    if sklearn is None or sklearn.origin is None:
        return None
    beside = Path(sklearn.origin).parent.parent / "scikit_learn.libs"
    return next(iter(sorted(beside.glob("libgomp-*.so*"))), None)
