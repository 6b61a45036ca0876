"""Long-running servers: found by entry point, run as processes of their own, ended by their ids.

A service is a module with `start() -> address`, `stop() -> bool`, `running_pid() -> int | None`, `address()` and
`ENTRANCES`. `WebProcess` serves most of them.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from lakehouse import progress
from lakehouse.settings import settings

STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Entrance:
    """A page where people begin: its path on the server, what it is, and who may open it."""

    path: str
    title: str
    who: str = "everybody"


class Service(Protocol):
    """What `lake serve | stop | status` need of a server."""

    ENTRANCES: tuple[Entrance, ...]

    def start(self) -> str: ...
    def stop(self) -> bool: ...
    def running_pid(self) -> int | None: ...
    def address(self) -> str: ...


def services() -> dict[str, Service]:
    """All registered services by name."""
    return {point.name: point.load() for point in sorted(entry_points(group="lake.services"), key=lambda p: p.name)}


def started(name: str, service: Service) -> str:
    """Start the service; one line for each page where people begin: address, what it is, who may open it."""
    address = service.start()
    return "\n".join(f"{name:<12} {address + e.path:<40} {e.title} ({e.who})" for e in service.ENTRANCES)


def refuse_taken_ports() -> None:
    """Raises RuntimeError when another program listens where a service of ours would: better told before long work."""
    for name, service in services().items():
        port = urllib.parse.urlsplit(service.address()).port
        if port and not service.running_pid() and port_taken(port):
            raise RuntimeError(taken(name, port))


def taken(name: str, port: int) -> str:
    return f"Port {port} of the {name} is taken by another program; stop it or set LAKE_{name.upper()}_PORT to a free one."


@dataclass(frozen=True)
class WebProcess:
    """A web server run by one command line on 127.0.0.1; its process id lies in the data home."""

    name: str
    command: tuple[str, ...]
    port: int
    health: str = "/health"
    start_seconds: float = 60.0

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
        except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
            return None  # no file, a torn one, nobody, or somebody else's process
        return pid if not line.exists() or self.command[-1].encode() in line.read_bytes() else None

    def start(self) -> str:
        """Start when it does not run, and wait until it answers.

        Raises RuntimeError when the port is taken or the server does not come up, with the end of its log.
        """
        if self.running_pid():
            return self.address()
        if port_taken(self.port):
            raise RuntimeError(taken(self.name, self.port))
        for file in (self.pid_file, self.log_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.pid_file.write_text(str(process.pid))
        with progress.step(f"{self.name}, waiting for an answer at {self.address()}"):
            self._wait(process)
        return self.address()

    def stop(self) -> bool:
        """End the server by its own id and wait until it is gone; False when none ran."""
        pid = self.running_pid()
        if pid is None:
            return False
        _signal(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self.running_pid() and time.monotonic() < end:
            _reap(pid, os.WNOHANG)
            time.sleep(0.05)
        if self.running_pid():
            _signal(-pid, signal.SIGKILL)  # with the workers: the server leads a group of its own
        _reap(pid, 0)
        self.pid_file.unlink(missing_ok=True)
        return True

    def _wait(self, process: subprocess.Popen) -> None:
        """Wait for the first answer. A server that gives none, or is not waited for any longer, is killed with its workers."""
        end, answered = time.monotonic() + self.start_seconds, False
        try:
            while not answered and process.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
                answered = answers(self.address() + self.health)
            fault = "it ended" if process.returncode is not None else f"no answer within {self.start_seconds:.0f} s"
        finally:
            if not answered:
                _signal(-process.pid, signal.SIGKILL)
                process.wait()
                self.pid_file.unlink(missing_ok=True)
        if not answered:
            tail = "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-5:])
            raise RuntimeError(f"{self.name} did not come up ({fault}); the end of {self.log_file}:\n{tail}")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _reap(pid: int, options: int) -> None:
    """Take leave of an ended child; a server that another process started is none of ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, options)


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
