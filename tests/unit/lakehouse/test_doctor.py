"""What `lake doctor` finds on a machine, how it says it, and when it fails."""

import os
import shutil
import socket
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse import doctor, host_tools, machine
from lakehouse.settings import settings
from lakehouse.toolchain.java import Java

Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def lake_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE_HOME", str(tmp_path))
    for name in ("LAKE_DATA_HOME", "LAKE_SECRETS_HOME", "LAKE_AS_OF"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def settle(monkeypatch, **variables: object) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    settings.cache_clear()


@pytest.mark.parametrize(("free_gb", "state"), [(1.9, "missing"), (9.9, "warning"), (10.0, "ok")])
def test_disk(lake_home, monkeypatch, free_gb, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(100e9, 0, free_gb * 1e9))
    found = machine.check_disk()
    assert found.state == state and f"{free_gb:.1f} GB free" in found.found
    assert bool(found.mend) is (state != "ok")


@pytest.mark.parametrize(("gigabytes", "state"), [(3, "missing"), (6, "warning"), (16, "ok")])
def test_memory(lake_home, monkeypatch, gigabytes, state):
    pages = {"SC_PHYS_PAGES": gigabytes * 1_000_000_000 // 4096 + 1, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", pages.get)
    assert machine.check_memory().state == state


def test_a_port_in_use_is_named_with_its_variable(lake_home, monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        settle(monkeypatch, LAKE_PORTAL_PORT=port)
        found = machine.check_port("portal_port")
        assert found.state == "warning" and found.found == f"{port} is in use"
        assert "set LAKE_PORTAL_PORT" in found.mend
    assert machine.check_port("portal_port").state == "ok"


def test_secrets_that_others_can_read(lake_home):
    key = lake_home / "secrets" / "signing.key"
    key.parent.mkdir(mode=0o700)
    key.touch(mode=0o644)
    found = machine.check_secrets_mode()
    assert (found.state, found.found) == ("warning", "1 paths can be read by others")
    key.chmod(0o600)
    assert machine.check_secrets_mode().state == "ok"


def test_write_access_looks_at_the_nearest_folder_that_exists(lake_home, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != lake_home)
    found = machine.check_write_access("data_home", lake_home / "data" / "deep")
    assert found.state == "missing" and found.found == f"{lake_home} cannot be written"
    assert "LAKE_DATA_HOME" in found.mend


def test_a_clock_behind_the_files(lake_home, monkeypatch):
    files = (settings().checkout / "pyproject.toml").stat().st_mtime
    monkeypatch.setattr(time, "time", lambda: files - 7200)
    found = machine.check_clock()
    assert found.state == "warning" and "2.0 h behind" in found.found


def test_a_fixed_clock_is_said_with_who_fixed_it(lake_home, monkeypatch):
    (lake_home / "data").mkdir()
    (lake_home / "data" / "as_of.txt").write_text("2017-02-28T17:00:00+00:00\n")
    assert machine.check_clock().found == (f"2017-02-28 17:00:00 UTC is what counts as now, by {lake_home}/data/as_of.txt")
    settle(monkeypatch, LAKE_AS_OF="2017-03-01T00:00:00Z")
    assert machine.check_clock().found == "2017-03-01 00:00:00 UTC is what counts as now, by LAKE_AS_OF"


def test_an_unknown_time_zone(lake_home, monkeypatch):
    settle(monkeypatch, LAKE_BUSINESS_ZONE="Asia/Peking")
    assert machine.check_zone().state == "missing"


def test_spark_needs_bash(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "bash" else f"/bin/{name}")
    assert (machine.check_shell().state, "bash" in machine.check_shell().found) == ("missing", True)


def test_missing_jars_are_required(lake_home):
    found = machine.check_jars()
    assert found.state == "missing" and "delta-spark_" in found.found and "./lake setup" in found.mend


def test_an_unfit_java_is_said_to_be_passed_over(monkeypatch):
    fit, old = Java(Path("/jdk17"), "17.0.15"), Java(Path("/jdk11"), "11.0.2")
    monkeypatch.setattr(machine, "system_javas", lambda: [old, fit])
    monkeypatch.setattr(machine, "chosen_java", lambda: fit)
    assert machine.check_java().found == ("17.0.15 in /jdk17; passed over, not 17 or 21: 11.0.2 in /jdk11")


def test_every_host_tool_that_is_absent_has_a_mending_line(monkeypatch):
    for tool in host_tools.HOST_TOOLS:
        absent = host_tools.HostTool(tool.name, lambda: None, tool.debian, tool.macos, tool.purpose)
        found = machine.check_host_tool(absent)
        assert found.state == "warning" and tool.purpose in found.found
        monkeypatch.setattr(sys, "platform", "linux")
        assert absent.mend == f"sudo apt-get install {tool.debian}"
        monkeypatch.setattr(sys, "platform", "darwin")
        assert absent.mend == f"brew install {tool.macos}"


def test_packages_for_the_tests_leave_out_what_only_the_scaled_form_needs(monkeypatch):
    monkeypatch.setattr(host_tools, "find_program", lambda *_, **__: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert set(host_tools.missing_packages()) >= {"mosquitto", "faketime"}
    assert "postgresql" not in host_tools.missing_packages()


OK, WARNING = machine.Finding("java", "ok", "17"), machine.Finding("mosquitto", "warning", "not found", "install it")
MISSING = machine.Finding("disk", "missing", "0.1 GB free", "free 10 GB")


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        ([OK], 0, "Everything that is required is there."),
        ([OK, WARNING], 0, "Everything that is required is there."),
        ([OK, WARNING, MISSING], 1, "Required and missing: disk."),
    ],
)
def test_only_what_is_required_fails_the_command(lake_home, monkeypatch, found, code, last):
    monkeypatch.setattr(machine, "findings", lambda: found)
    result = CliRunner().invoke(doctor.app, [])
    assert result.exit_code == code and result.stdout.strip().endswith(last)
    assert all(f"{one.subject}: {one.mend}" in result.stdout for one in found if one.mend)


def test_settings_are_shown_with_their_origin(lake_home, monkeypatch):
    settle(monkeypatch, LAKE_SPARK_MEMORY="5g")
    result = CliRunner().invoke(doctor.app, [], env={"COLUMNS": "200"})
    rows = {cells[1].strip(): cells[2:4] for cells in (line.split("│") for line in result.stdout.splitlines()) if len(cells) > 4}
    assert [cell.strip() for cell in rows["LAKE_SPARK_MEMORY"]] == ["5g", "environment"]
    assert [cell.strip() for cell in rows["LAKE_PROFILE"]][1] in {"default", "lake.toml"}


@pytest.mark.parametrize("name", ["database_password", "dashboards_secret_key", "api_token"])
def test_a_secret_is_never_shown(name):
    assert doctor.shown_value(name, "hunter2") == "(set, not shown)"
    assert doctor.shown_value(name, "") == "(not set)"
