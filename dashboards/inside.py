"""Superset's own environment: its Python, its home, what a process of it gets, and running one."""

import json
import os
import re
import subprocess
from pathlib import Path

from dashboards import accounts
from lakehouse.settings import settings
from publishing import serving


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
    command = [str(python()), "-m", *arguments]
    done = subprocess.run(command, env=os.environ | variables(), cwd=home(), capture_output=True, text=True)
    with log_file().open("a", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed: {reasons(done.stderr)} (whole output: {log_file()})")
    return json.loads(done.stdout.strip().splitlines()[-1])


def reasons(errors: str) -> str:
    """The sentences of an error output: what charts lack, else the last line of each traceback in it."""
    lines = errors.strip().splitlines()
    charts = [line for line in lines if line.startswith("Chart ")]
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Denied)\b", line)]
    return " ".join(charts or raised or lines[-1:])
