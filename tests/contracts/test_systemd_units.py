"""The systemd units are read by systemd without complaint and call commands that exist."""

import re
import shutil
import subprocess
from importlib.metadata import entry_points

import pytest

from lakehouse.settings import settings

FOLDER = settings().checkout / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.glob("lake-*"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_every_unit(tmp_path):
    for name in UNITS:  # only the program's place is changed, which need not exist here
        (tmp_path / name).write_text((FOLDER / name).read_text().replace("/srv/lake/lake ", "/bin/true "))
    answer = subprocess.run(["systemd-analyze", "verify", *UNITS], cwd=tmp_path, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_units_call_commands_that_exist(name):
    commands = {point.name for point in entry_points(group="lake.commands")}
    called = re.findall(r"/srv/lake/lake (\w+)", (FOLDER / name).read_text())
    assert called and set(called) <= commands


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".timer")])
def test_every_timer_has_its_service(name):
    assert name.replace(".timer", ".service") in UNITS


def test_the_readme_names_every_unit():
    text = (FOLDER / "README.md").read_text()
    assert [name for name in UNITS if name.partition(".")[0].partition("@")[0] not in text] == []
