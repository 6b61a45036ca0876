"""Long-running servers of the platform: found by entry point, started as processes of their own, ended by their id.

A service is a module with `start() -> address`, `stop() -> bool`, `running_pid() -> int | None` and `address()`.
`WebProcess` serves most of them.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from lakehouse.settings import settings

START_SECONDS, STOP_SECONDS = 60.0, 15.0


class Service(Protocol):
    """What `lake serve | stop | status` need of a server."""

    def start(self) -> str: ...
    def stop(self) -> bool: ...
    def running_pid(self) -> int | None: ...
    def address(self) -> str: ...


def services() -> dict[str, Service]:
    """All registered services by name."""
    return {
        point.name: point.load()
        for point in sorted(entry_points(group="lake.services"), key=lambda p: p.name)
    }


@dataclass(frozen=True)
class WebProcess:
    """A web server run by one command line on 127.0.0.1; its process id lies in the data home."""

    name: str
    command: tuple[str, ...]
    port: int
    health: str = "/health"

    @property
    def pid_file(self) -> Path:
        return settings().data_home / "run" / f"{self.name}.pid"

    @property
    def log_file(self) -> Path:
        return settings().logs / f"{self.name}.log"

    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def running_pid(self) -> int | None:
        """Process id of the server when it lives; a stale file of a killed process is no server."""
        try:
            pid = int(self.pid_file.read_text())
            line = Path(f"/proc/{pid}/cmdline")
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        return pid if not line.exists() or self.command[-1].encode() in line.read_bytes() else None

    def start(self) -> str:
        """Start when it does not run, and wait until it answers.

        Raises RuntimeError when the port is taken or the server does not come up, with the end of its log.
        """
        if self.running_pid():
            return self.address()
        if port_taken(self.port):
            raise RuntimeError(
                f"Port {self.port} is taken by another program; stop it or set LAKE_{self.name.upper()}_PORT."
            )
        for file in (self.pid_file, self.log_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.pid_file.write_text(str(process.pid))
        self._wait(process)
        return self.address()

    def stop(self) -> bool:
        """End the server by its own id and wait until it is gone; False when none ran."""
        pid = self.running_pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self.running_pid() and time.monotonic() < end:
            _reap(pid)
            time.sleep(0.05)
        if self.running_pid():
            os.kill(pid, signal.SIGKILL)
            _reap(pid)
        self.pid_file.unlink(missing_ok=True)
        return True

    def _wait(self, process: subprocess.Popen) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            if answers(self.address() + self.health):
                return
            time.sleep(0.1)
        process.kill()
        self.pid_file.unlink(missing_ok=True)
        tail = "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-5:])
        raise RuntimeError(f"{self.name} did not come up; the end of {self.log_file}:\n{tail}")


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
