"""A checkout in which `lake` meets stand-ins for uv and Python: what the script does is read from their log.

The stand-ins let the script's own work (order, stamps, locks, interruptions) be tested in seconds without a network.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

PROGRAMS = ("cat", "cksum", "cp", "cut", "date", "du", "id", "mkdir", "mv", "readlink", "rm", "sh", "sleep", "tail")

UV = """#!/bin/sh
case "$1 $2" in
    "venv --quiet")
        mkdir -p "$5/bin" && cp "$FAKES/venv-python" "$5/bin/python" ;;
    "pip install")
        shift 4; echo "install $*" >> "$LOG"
        [ ! -e "$FAKES/broken" ] || { echo "no route to host"; exit 1; }
        [ ! -e "$FAKES/slow" ] || sleep 30 ;;
esac
"""
VENV_PYTHON = """#!/bin/sh
[ "$1" != -c ] || exit 0
[ "$1" != -P ] || shift
[ "$2" != lakehouse.host_tools ] || { cat "$FAKES/missing-packages"; exit; }
[ ! -e "$FAKES/slow-$3" ] || { sleep 30; exit 1; }
echo "python $*" >> "$LOG"
"""
BASE_PYTHON = """#!/bin/sh
echo /opt/fitting/python3
"""
LOCKS = ("main.txt", "dev.txt", "superset.txt", "jars.lock")


class Checkout:
    """A folder with the real `lake` and made-up requirements, its own LAKE_HOME and a PATH that holds nothing else."""

    def __init__(self, place: Path, script: Path):
        self.root, self.fakes, self.path = place / "checkout", place / "fakes", place / "bin"
        self.home, self.log = place / "home", place / "log"
        self.more: dict[str, str] = {}
        self.requirements = self.root / "requirements"
        for folder in (self.requirements, self.fakes, self.path):
            folder.mkdir(parents=True)
        shutil.copy(script, self.root / "lake")
        for name in LOCKS:
            (self.requirements / name).write_text(f"{name} 1\n")
        (self.root / "pyproject.toml").write_text("")
        self.stand_in(self.path / "uv", UV)
        self.stand_in(self.path / "python3.11", BASE_PYTHON)
        self.stand_in(self.fakes / "venv-python", VENV_PYTHON)
        for name in PROGRAMS:
            (self.path / name).symlink_to(shutil.which(name) or name)

    @staticmethod
    def stand_in(file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": self.path, "LAKE_HOME": self.home, "FAKES": self.fakes, "LOG": self.log}
        return {name: str(value) for name, value in own.items()} | self.more

    def start(self, *words: str, script: Path | None = None) -> subprocess.Popen:
        return subprocess.Popen(
            [script or self.root / "lake", *words], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def lake(self, *words: str, script: Path | None = None) -> tuple[int, str]:
        """Run to the end; exit code and all that was said."""
        process = self.start(*words, script=script)
        out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    @staticmethod
    def read_until(process: subprocess.Popen, words: str) -> str:
        """What the script said up to and with the words; fails when it ends without them."""
        assert process.stderr is not None
        said = ""
        while words not in said:
            line = process.stderr.readline()
            assert line, f"ended without {words!r}:\n{said}"
            said += line
        return said

    def signal_at(self, words: str, number: signal.Signals, *command: str) -> tuple[int, str]:
        """Run until the script says the words, signal its whole group, wait for the end; exit code and what was said."""
        process = self.start(*command)
        said = self.read_until(process, words)
        time.sleep(0.3)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
        return process.returncode, said + out + err

    def logged(self) -> list[str]:
        """What the stand-ins were asked to do since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.replace(f"{self.root}/", "").replace(str(self.root), "CHECKOUT") for line in lines]

    def stamps(self) -> set[str]:
        return {file.name for file in (self.home / "toolchain" / "stamps").iterdir()}
