"""A server of our own is started, found, told apart and ended by its process id."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse import services
from lakehouse.demo import free_port
from lakehouse.services import WebProcess


def server(folder: Path, *command: str) -> WebProcess:
    port = free_port()
    listing = (
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(folder),
    )
    return WebProcess("pages", command or listing, port, "/")


@pytest.fixture
def pages(home):
    running = server(home)
    yield running
    running.stop()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_server_is_started_once_answers_and_is_ended(pages):
    assert pages.running_pid() is None and not pages.stop()
    address = pages.start()
    pid = pages.running_pid()
    assert address == f"http://127.0.0.1:{pages.port}" and services.answers(address)
    assert pages.start() == address and pages.running_pid() == pid
    assert pages.stop() and pages.running_pid() is None and not is_alive(pid)
    assert not pages.pid_file.exists() and not services.answers(address)


def test_a_killed_server_is_not_taken_for_a_running_one(pages):
    pages.start()
    first = pages.running_pid()
    os.kill(first, 9)
    os.waitpid(first, 0)
    assert pages.pid_file.exists() and pages.running_pid() is None
    pages.start()
    assert pages.running_pid() not in (None, first)


@pytest.mark.parametrize("content", ["", "nobody", "1"])
def test_a_stale_process_id_of_somebody_else_is_left_alone(pages, content):
    pages.pid_file.parent.mkdir(parents=True)
    pages.pid_file.write_text(content)
    assert pages.running_pid() is None and not pages.stop()


def test_a_taken_port_is_named_with_the_variable_that_moves_ours(pages):
    with subprocess.Popen([*pages.command[:-1], "/"], stdout=-3, stderr=-3) as other:
        while not services.port_taken(pages.port):
            time.sleep(0.02)
        with pytest.raises(RuntimeError, match=f"Port {pages.port} of the pages is taken by another program; .* LAKE_PAGES_PORT"):
            pages.start()
        other.kill()


def test_a_server_that_dies_shows_the_end_of_its_log(home):
    broken = server(home, sys.executable, "-c", "raise SystemExit('no serving file')")
    with pytest.raises(RuntimeError, match=r"pages did not come up \(it ended\); the end of .*pages\.log:\nno serving file"):
        broken.start()
    assert broken.running_pid() is None and not broken.pid_file.exists()


def test_a_server_that_never_answers_is_killed_with_its_workers(home):
    deaf = replace(server(home, "sh", "-c", f"sleep 60 & echo $! > {home}/worker; wait"), start_seconds=1.0)
    with pytest.raises(RuntimeError, match=r"pages did not come up \(no answer within 1 s\)"):
        deaf.start()
    worker = int((home / "worker").read_text())
    end = time.monotonic() + 5
    while is_alive(worker) and "Z" not in Path(f"/proc/{worker}/stat").read_text().split(")")[1] and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(worker) or "Z" in Path(f"/proc/{worker}/stat").read_text().split(")")[1]


def test_a_server_that_is_not_waited_for_any_longer_is_ended(home, monkeypatch):
    deaf = server(home, sys.executable, "-c", "import time; time.sleep(60)")

    def interrupted(url):
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "answers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deaf.start()
    assert deaf.running_pid() is None and not deaf.pid_file.exists()


def test_taken_ports_are_told_before_anything_is_started(pages, monkeypatch):
    monkeypatch.setattr(services, "services", lambda: {"pages": pages})
    services.refuse_taken_ports()
    pages.start()
    services.refuse_taken_ports()  # the server itself is no other program
    other = replace(pages, name="portal")
    monkeypatch.setattr(services, "services", lambda: {"portal": other})
    with pytest.raises(RuntimeError, match=f"Port {pages.port} of the portal is taken .* LAKE_PORTAL_PORT"):
        services.refuse_taken_ports()
