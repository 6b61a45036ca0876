"""Superset's own environment: its Python, its home, what a process of it gets, and running one."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TextIO

from dashboards import accounts
from lakehouse import progress
from lakehouse.settings import settings
from publishing import serving

DOING = "doing: "  # a line of output that begins so says what is being done


def home() -> Path:
    return settings().data_home / "superset"


def log_file() -> Path:
    return settings().logs / "dashboards.log"


def interpreter() -> Path:
    return settings().toolchain / "superset" / "bin" / "python"


def is_installed() -> bool:
    """Whether Superset's environment is there; without it nothing of it can run."""
    return interpreter().exists()


def python() -> Path:
    """Superset's interpreter. Raises RuntimeError when its environment is not there."""
    found = interpreter()
    if not is_installed():
        raise RuntimeError(f"No Superset environment at {found.parent.parent}: `./lake doctor` says how to make it.")
    return found


def variables() -> dict[str, str]:
    """Paths that Superset's settings need; secrets stay in their file."""
    return {
        "PYTHONPATH": str(settings().checkout),
        "PYTHONWARNINGS": "ignore",
        "SUPERSET_CONFIG_PATH": str(Path(__file__).with_name("superset_config.py")),
        "FLASK_APP": "superset",
        "DASHBOARDS_HOME": str(home()),
        "DASHBOARDS_SERVING_LINK": str(serving.link()),
        "DASHBOARDS_SECRETS": str(accounts.ensure()),
        "DASHBOARDS_PORTAL": settings().portal_address(),
    }


def run(*arguments: str) -> dict:
    """Run `python -m <arguments>` in Superset's environment; returns the JSON of its last line of output.

    Raises RuntimeError with the reasons that it wrote on standard error; the whole output goes to the log.
    """
    for folder in (home(), log_file().parent):
        folder.mkdir(parents=True, exist_ok=True)
    with log_file().open("a", encoding="utf-8") as log, tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        code, last = _follow([str(python()), "-m", *arguments], log, errors)
        errors.seek(0)
        said = errors.read()
        log.write(said)
    if code:
        raise RuntimeError(f"{arguments[0]} failed: {reasons(said)} (whole output: {log_file()})")
    return json.loads(last)


def _follow(command: list[str], log: TextIO, errors: TextIO) -> tuple[int, str]:
    """Run a command of Superset's, tell what it is doing; its exit code and last line of output."""
    last = ""
    with subprocess.Popen(
        command, env=os.environ | variables(), cwd=home(), stdout=subprocess.PIPE, stderr=errors, text=True
    ) as process:
        try:
            for last in process.stdout or ():
                log.write(last)
                if last.startswith(DOING):
                    progress.doing(last.removeprefix(DOING).strip())
        except BaseException:
            process.kill()
            raise
    return process.returncode, last


def reasons(errors: str) -> str:
    """The sentences of an error output: what charts lack, else the last line of each traceback in it."""
    lines = errors.strip().splitlines()
    charts = [line for line in lines if line.startswith("Chart ")]
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Denied)\b", line)]
    return " ".join(charts or raised or lines[-1:])
