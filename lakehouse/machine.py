"""What this machine offers and lacks: one small finding per thing that the platform depends on."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from lakehouse.host_tools import HOST_TOOLS, HostTool
from lakehouse.settings import settings
from lakehouse.toolchain.class_archive import archive_file
from lakehouse.toolchain.java import FITTING, chosen_java, system_javas
from lakehouse.toolchain.openmp import NAME as OPENMP
from lakehouse.toolchain.openmp import loads
from lakehouse.toolchain.spark_jars import damaged_jars, locked_jars

NEEDED_GB, WANTED_GB = 2, 10  # free disk: a run on the samples; a city's year of one theme with upkeep
NEEDED_MEMORY_GB, WANTED_MEMORY_GB = 4, 8  # driver heap of 3 GB and Python workers; the same beside Superset


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, `warning` (works without it, or worse), `missing` (a command fails)."""

    subject: str
    state: str
    found: str
    mend: str = ""


def findings() -> list[Finding]:
    """Every check of this machine, required things first. Nothing is changed, no network is used."""
    return [*_software(), *_resources(), *map(check_host_tool, HOST_TOOLS)]


def judge(subject: str, fits: bool, found: str, mend: str, otherwise: str = "missing") -> Finding:
    """A finding that carries its mending line only where something is to be mended."""
    return Finding(subject, "ok", found) if fits else Finding(subject, otherwise, found, mend)


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
    yield check_port("portal_port")
    yield check_port("dashboards_port")


def check_python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 12)
    mend = f"put Python 3.11 or 3.12 on the PATH, then rm -r {settings().toolchain} && ./lake setup"
    return judge("python", fits, f"{'.'.join(map(str, sys.version_info[:3]))} in {sys.prefix}", mend)


def check_java() -> Finding:
    java = chosen_java()
    passed_over = [f"{other.version} in {other.runtime}" for other in system_javas() if not other.fits]
    wanted = " or ".join(map(str, FITTING))
    note = f"; passed over, not {wanted}: {', '.join(passed_over)}" if passed_over else ""
    return Finding("java", "ok", f"{java.version} in {java.runtime}{note}")


def check_jars() -> Finding:
    damaged = damaged_jars()
    found = "; ".join(damaged) or f"{len(locked_jars())} files, checksums right"
    return judge("jars", not damaged, found, _again("jars"))


def check_class_archive() -> Finding:
    file = archive_file()
    if not file.is_file():
        slower = "none for this Java: Spark starts 3-6 s slower"
        return Finding("class archive", "warning", slower, _again("archive"))
    return Finding("class archive", "ok", f"{file.name}, {file.stat().st_size / 1e6:.0f} MB")


def check_shell() -> Finding:
    absent = [name for name in ("bash", "chmod") if not shutil.which(name)]
    found = f"not on the PATH, Spark's launcher calls it: {', '.join(absent)}" if absent else "bash, chmod"
    return judge("shell tools", not absent, found, "sudo apt-get install bash coreutils")


def check_openmp() -> Finding:
    if sys.platform == "darwin":
        there = any(Path(prefix, "opt/libomp").exists() for prefix in ("/opt/homebrew", "/usr/local"))
        return judge("openmp", there, "libomp, which models need", "brew install libomp", "warning")
    return judge("openmp", loads(OPENMP), f"{OPENMP}, which models need", "sudo apt-get install libgomp1")


def check_superset() -> Finding:
    there = all((settings().toolchain / part).exists() for part in ("superset/bin/python", "stamps/superset"))
    found = "environment of its own" if there else "no environment yet: `lake demo` and `lake serve` make it"
    return judge("superset", there, found, "./lake setup", "warning")


def check_disk() -> Finding:
    folder = _existing(settings().home)
    free = shutil.disk_usage(folder).free / 1e9
    mend = f"run `lake upkeep`, free {WANTED_GB} GB, or set LAKE_HOME to a larger disk"
    otherwise = "missing" if free < NEEDED_GB else "warning"
    return judge("disk", free >= WANTED_GB, f"{free:.1f} GB free at {folder}", mend, otherwise)


def check_memory() -> Finding:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    mend = "set LAKE_SPARK_MEMORY=1g and do not serve pages on this machine while a run works"
    otherwise = "missing" if total < NEEDED_MEMORY_GB else "warning"
    found = f"{total:.1f} GB, Spark may take {settings().spark_memory}"
    return judge("memory", total >= WANTED_MEMORY_GB, found, mend, otherwise)


def check_write_access(name: str, folder: Path) -> Finding:
    place = _existing(folder)
    fits = os.access(place, os.W_OK | os.X_OK)
    mend = f"sudo chown -R $(id -un) {place}, or set LAKE_{name.upper()} to a folder of your own"
    return judge(name, fits, f"{folder}" if fits else f"{place} cannot be written", mend)


def check_secrets_mode() -> Finding:
    folder = settings().secrets_home
    paths = [path for path in (folder, *folder.glob("**/*")) if path.exists()]
    open_to_all = [path for path in paths if path.stat().st_mode & 0o077]
    found = f"{len(open_to_all)} paths can be read by others" if open_to_all else "only the owner reads them"
    return judge("secrets", not open_to_all, found, f"chmod -R go= {folder}", "warning")


def check_clock() -> Finding:
    behind = (settings().checkout / "pyproject.toml").stat().st_mtime - time.time()
    held = settings().as_of is not None or settings().clock_file.exists()
    found = f"{settings().as_of_time():%Y-%m-%d %H:%M:%S} UTC"
    if held:
        found += " is what counts as now, by " + ("LAKE_AS_OF" if settings().as_of else str(settings().clock_file))
    if behind > 60:
        found = f"the machine's clock is {behind / 3600:.1f} h behind the checkout's files"
    return judge("clock", behind <= 60, found, "sudo timedatectl set-ntp true", "warning")


def check_zone() -> Finding:
    zone = settings().business_zone
    mend = "mend LAKE_BUSINESS_ZONE, or sudo apt-get install tzdata"
    return judge("time zone", zone in available_timezones(), zone, mend)


def check_port(name: str) -> Finding:
    port = getattr(settings(), name)
    mend = f"`lake stop` ends our own pages; for another program's port set LAKE_{name.upper()} to a free one"
    free = port_is_free(port)
    return judge(name, free, f"{port} is {'free' if free else 'in use'}", mend, "warning")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_host_tool(tool: HostTool) -> Finding:
    place = tool.find()
    found = str(place or f"not found; only for {tool.purpose}")
    return judge(tool.name, place is not None, found, tool.mend, "warning")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest parent that exists: what a later mkdir would need."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _again(step: str) -> str:
    return f"rm -f {settings().toolchain}/stamps/{step} && ./lake setup"
