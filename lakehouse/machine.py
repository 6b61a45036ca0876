"""What this machine offers and lacks: one small finding per thing that the platform depends on."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lakehouse.host_tools import HOST_TOOLS
from lakehouse.settings import settings
from lakehouse.toolchain.class_archive import archive_file
from lakehouse.toolchain.jars import damaged_jars, locked_jars
from lakehouse.toolchain.java import FITTING, chosen_java, system_javas
from lakehouse.toolchain.openmp import NAME as OPENMP
from lakehouse.toolchain.openmp import loads

NEEDED_GB, WANTED_GB = 2, 10  # free disk: a run on the samples; a city's year of one theme with upkeep
NEEDED_MEMORY_GB, WANTED_MEMORY_GB = 4, 8  # driver heap of 3 GB and Python workers; the same beside Superset


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `ok`, `warning` (works without it, or worse), `missing` (a command fails)."""

    subject: str
    state: str
    found: str
    mend: str = ""


def findings() -> list[Finding]:
    """Every check of this machine, required things first. Nothing is changed, no network is used."""
    return [*_software(), *_resources(), *_ports(), *_host_tools()]


def _software() -> Iterator[Finding]:
    yield check_python()
    yield check_java()
    yield check_jars()
    yield check_class_archive()
    yield check_shell()
    yield check_openmp()
    yield check_superset()


def _resources() -> Iterator[Finding]:
    yield check_disk()
    yield check_memory()
    for name in ("home", "data_home", "secrets_home"):
        yield check_write_access(name, getattr(settings(), name))
    yield check_secrets_mode()
    yield check_clock()
    yield check_zone()


def check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] <= (3, 12)
    mend = (
        "" if fits else "put Python 3.11 or 3.12 on the PATH, remove the toolchain folder, run ./lake setup"
    )
    return Finding("python", "ok" if fits else "missing", f"{version} in {sys.prefix}", mend)


def check_java() -> Finding:
    java = chosen_java()
    passed_over = [f"{other.version} in {other.home}" for other in system_javas() if not other.fits]
    note = (
        f"; passed over, not {' or '.join(map(str, FITTING))} with all modules: {', '.join(passed_over)}"
        if passed_over
        else ""
    )
    return Finding("java", "ok", f"{java.version} in {java.home}{note}")


def check_jars() -> Finding:
    damaged = damaged_jars()
    if damaged:
        return Finding("jars", "missing", "; ".join(damaged), _again("jars"))
    return Finding("jars", "ok", f"{len(locked_jars())} files, checksums right")


def check_class_archive() -> Finding:
    file = archive_file()
    if file.is_file():
        return Finding("class archive", "ok", f"{file.name}, {file.stat().st_size / 1e6:.0f} MB")
    return Finding(
        "class archive", "warning", "none for this Java: Spark starts 3-6 s slower", _again("archive")
    )


def check_shell() -> Finding:
    absent = [name for name in ("bash", "chmod") if not shutil.which(name)]
    found = f"not on the PATH: {', '.join(absent)} (Spark's launcher calls them)" if absent else "bash, chmod"
    return Finding(
        "shell tools",
        "missing" if absent else "ok",
        found,
        "sudo apt-get install bash coreutils" if absent else "",
    )


def check_openmp() -> Finding:
    if sys.platform == "darwin":
        found = next(
            (p for p in map(Path, ("/opt/homebrew/opt/libomp", "/usr/local/opt/libomp")) if p.exists()), None
        )
        return Finding(
            "openmp",
            "ok" if found else "warning",
            str(found or "no libomp: models cannot be trained"),
            "" if found else "brew install libomp",
        )
    if loads(OPENMP):
        return Finding("openmp", "ok", OPENMP)
    return Finding(
        "openmp",
        "missing",
        f"{OPENMP} is not found: models cannot be trained",
        "sudo apt-get install libgomp1",
    )


def check_superset() -> Finding:
    python = settings().toolchain / "superset" / "bin" / "python"
    finished = settings().toolchain / "stamps" / "superset"
    if python.exists() and finished.exists():
        return Finding("superset", "ok", str(python.parent.parent))
    return Finding(
        "superset",
        "warning",
        "its environment is made at the first `lake demo` or `lake serve`",
        "./lake setup",
    )


def check_disk() -> Finding:
    folder = _existing(settings().home)
    free = shutil.disk_usage(folder).free / 1e9
    state = "missing" if free < NEEDED_GB else "warning" if free < WANTED_GB else "ok"
    mend = (
        ""
        if state == "ok"
        else f"free at least {WANTED_GB} GB, or set LAKE_HOME to a larger disk; `lake upkeep` removes old versions"
    )
    return Finding("disk", state, f"{free:.1f} GB free at {folder}", mend)


def check_memory() -> Finding:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    state = "missing" if total < NEEDED_MEMORY_GB else "warning" if total < WANTED_MEMORY_GB else "ok"
    mend = (
        ""
        if state == "ok"
        else "set LAKE_SPARK_MEMORY=1g and do not serve pages on this machine while a run works"
    )
    return Finding("memory", state, f"{total:.1f} GB, Spark may take {settings().spark_memory}", mend)


def check_write_access(name: str, folder: Path) -> Finding:
    place = _existing(folder)
    if os.access(place, os.W_OK | os.X_OK):
        return Finding(name, "ok", f"{folder} can be written")
    return Finding(
        name,
        "missing",
        f"{place} cannot be written",
        f"sudo chown -R $(id -un) {place}, or set LAKE_{name.upper()}",
    )


def check_secrets_mode() -> Finding:
    folder = settings().secrets_home
    open_to_others = [
        path for path in (folder, *folder.glob("**/*")) if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_to_others:
        return Finding(
            "secrets",
            "warning",
            f"{len(open_to_others)} paths can be read by others",
            f"chmod -R go= {folder}",
        )
    return Finding("secrets", "ok", "only their owner can read them")


def check_clock() -> Finding:
    ahead = (settings().checkout / "pyproject.toml").stat().st_mtime - time.time()
    if ahead > 60:
        return Finding(
            "clock",
            "warning",
            f"the machine's clock is {ahead / 3600:.1f} h behind the checkout's files",
            "sudo timedatectl set-ntp true",
        )
    fixed = settings().as_of
    return Finding(
        "clock",
        "ok",
        f"LAKE_AS_OF holds it at {fixed.isoformat()}" if fixed else time.strftime("%Y-%m-%d %H:%M:%S %z"),
    )


def check_zone() -> Finding:
    zone = settings().business_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return Finding(
            "time zone",
            "missing",
            f"{zone} is unknown here",
            "sudo apt-get install tzdata, or mend LAKE_BUSINESS_ZONE",
        )
    return Finding("time zone", "ok", zone)


def _ports() -> Iterator[Finding]:
    for name in ("portal_port", "dashboards_port"):
        port = getattr(settings(), name)
        if port_is_free(port):
            yield Finding(name, "ok", f"{port} is free")
        else:
            yield Finding(
                name,
                "warning",
                f"{port} is in use (by `lake serve`? see `lake status`)",
                f"set LAKE_{name.upper()} to a free port",
            )


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _host_tools() -> Iterator[Finding]:
    for tool in HOST_TOOLS:
        place = tool.find()
        if place:
            yield Finding(tool.name, "ok", str(place))
        else:
            yield Finding(tool.name, "warning", f"not found; only for {tool.purpose}", tool.mend)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest parent that exists: what a later mkdir would need."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _again(step: str) -> str:
    return f"rm -f {settings().toolchain}/stamps/{step} && ./lake setup"
