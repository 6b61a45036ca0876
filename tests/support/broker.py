"""A real mosquitto on a free port, persistent, that can be killed and started again."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIG = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 1000
max_queued_messages 0
max_queued_bytes 0
persistent_client_expiration 1d
log_type error
log_dest file {folder}/log
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mosquitto() -> str | None:
    """Path of the broker; Debian puts it where ordinary users do not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Broker:
    """One broker and its stored state in a folder."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mosquitto.conf").write_text(CONFIG.format(port=self.port, folder=folder))
        folder.chmod(0o777)  # started by root it changes to a user of its own
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        return [mosquitto() or "mosquitto", "-c", str(self.folder / "mosquitto.conf")]

    def start(self) -> "Broker":
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)
        return self

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def wait_for_port(port: int, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {seconds:g} s")
