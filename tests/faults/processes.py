"""The storm's processes: each is started, killed, and started again when it has died, as a supervisor would."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.support.broker import Broker, free_port

HJ212, NGSI = "environment__air_quality__hj212", "environment__air_quality__ngsi"
COLLECTOR = "storm-1"


@dataclass
class Supervised:
    """A process that is wanted. `crash_point` arms the next start."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None
    crash_point: str = "-"
    armed: str = "-"

    def start(self) -> None:
        self.armed, self.crash_point = self.crash_point, "-"
        command = [part.replace("{crash_point}", self.armed) for part in self.command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def terminate(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@dataclass
class Plant:
    """Broker, collector, shipper, receiver and lander of one run below one folder."""

    folder: Path
    broker: Broker = field(init=False)
    members: dict[str, Supervised] = field(init=False)
    deaths: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.broker = Broker(self.folder / "broker")
        self.tcp_port, self.receiver_port = free_port(), free_port()
        self.spool, self.data = self.folder / "spool", self.folder / "data"
        self.environment = {**os.environ, "LAKE_DATA_HOME": str(self.data), "LAKE_SECRETS_HOME": str(self.folder / "secrets")}
        self._configure()
        lake = [sys.executable, "-m", "tests.faults.crashing", "{crash_point}"]
        config = ["--config", str(self.folder / "collector.yaml")]
        self.members = {
            "broker": self._member("broker", self.broker.command()),
            "receiver": self._member("receiver", [*lake, "land", "receive", "--port", str(self.receiver_port)]),
            "collector": self._member("collector", [*lake, "collect", *config]),
            "shipper": self._member("shipper", [*lake, "ship", *config]),
            "lander": self._member("lander", [*lake, "land", "--follow", "--seconds", "0.3"]),
        }

    def start(self) -> None:
        for member in self.members.values():
            member.start()

    def tend(self, away: frozenset[str] = frozenset()) -> None:
        """Start again what has died, except those that are to stay away."""
        for name, member in self.members.items():
            if member.process and member.process.poll() is not None and name not in away:
                if member.process.returncode == -9:
                    self.deaths[member.armed.partition(":")[0] if member.armed != "-" else f"{name} killed"] += 1
                else:
                    self.deaths[f"{name} ended by itself ({member.process.returncode})"] += 1
                member.start()

    def kill_all(self) -> None:
        for member in self.members.values():
            member.kill()

    def lake(self, *arguments: str) -> int:
        """Run a `lake` command on the plant's own data; its exit code."""
        command = [sys.executable, "-m", "lakehouse.cli", *arguments]
        return subprocess.run(command, env=self.environment, stdout=subprocess.DEVNULL).returncode

    def _member(self, name: str, command: list[str]) -> Supervised:
        return Supervised(name, command, self.folder / f"{name}.log", self.environment)

    def _configure(self) -> None:
        token = self.folder / "token"
        assert self.lake("land", "token", COLLECTOR, "--out", str(token)) == 0
        listeners = {"port": self.broker.port, "sources": [NGSI]}
        body = {
            "collector": COLLECTOR,
            "ship": "apart",
            "data_origin": "synthetic",
            "spool": {"folder": str(self.spool), "seal_seconds": 1.0, "seal_bytes": 300_000},
            "uplink": {"kind": "http", "url": f"http://127.0.0.1:{self.receiver_port}", "token_file": str(token)},
            "heartbeat": {"seconds": 1.0},
            "hj212": [{"source": HJ212, "port": self.tcp_port}],
            "mqtt": [{**listeners, "version": "5"}, {**listeners, "version": "3.1.1"}],
        }
        (self.folder / "collector.yaml").write_text(yaml.safe_dump(body))
