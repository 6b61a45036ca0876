"""The edge under fire: publishers, broker, collector, shipper, receiver and lander, killed (SIGKILL) all the time.

    python -m tests.faults.edge_storm --messages 100000 --kills 30 --seed 7

Half of the messages go by HJ 212 over TCP, a quarter each by MQTT 5 and 3.1.1 through a real mosquitto. Kills come at
seeded random times; about half of them inside a write (`crashing.py`). For a time the uplink is cut, and delivered
segments are sent twice. At the end the publishers' own logs are compared with bronze, the dead letters and the
ledger: exit code 0 when nothing is lost, doubled or unexplained.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.crashing import POINTS
from tests.faults.findings import Findings, find
from tests.faults.processes import COLLECTOR, HJ212, NGSI, Plant

VICTIMS = ("broker", "collector", "collector", "shipper", "lander")
SHARES = {"hj212": 0.5, "mqtt5": 0.25, "mqtt311": 0.25}


@dataclass
class Storm:
    """What one run is to do. `seconds`: over which messages and kills are spread; `cut_seconds`: link down."""

    messages: int
    kills: int
    seed: int
    seconds: float
    cut_seconds: float
    folder: Path
    plant: Plant = field(init=False)
    sent_twice: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.plant = Plant(self.folder)

    def run(self) -> Findings:
        """The whole run: storm, calm, comparison."""
        self.plant.start()
        publishers: list[subprocess.Popen] = []
        try:
            publishers += [self._publisher(kind, share) for kind, share in SHARES.items()]
            self._rage(publishers)
            self._calm()
        finally:
            for publisher in publishers:
                publisher.kill()
            self.plant.kill_all()
        return find(self.plant, [self._log(kind) for kind in SHARES], self.sent_twice)

    def _publisher(self, kind: str, share: float) -> subprocess.Popen:
        port = self.plant.tcp_port if kind == "hj212" else self.plant.broker.port
        count = round(self.messages * share)
        options = {"count": count, "seed": self.seed, "per-second": count / self.seconds, "port": port, "log": self._log(kind)}
        flags = [f"--{name}={value}" for name, value in options.items()]
        return subprocess.Popen([sys.executable, "-m", "tests.faults.publisher", kind, *flags])

    def _log(self, kind: str) -> Path:
        return self.folder / f"{kind}.publisher.jsonl"

    def _rage(self, publishers: list[subprocess.Popen]) -> None:
        """Kill at the appointed times, cut the link, send twice, until every publisher is satisfied."""
        began, appointments = time.monotonic(), list(self._appointments())
        cut_from = self.seconds * 0.3
        while appointments or any(p.poll() is None for p in publishers):
            at = time.monotonic() - began
            is_cut = cut_from <= at < cut_from + self.cut_seconds
            if is_cut:
                self.plant.members["receiver"].kill()
            self.plant.tend(away=frozenset({"receiver"}) if is_cut else frozenset())
            while appointments and appointments[0][0] <= at:
                self._kill(*appointments.pop(0)[1:])
            if at > self.seconds * 0.8 and not self.sent_twice:
                self._send_twice()
            time.sleep(0.05)
            if at > self.seconds * 3 + self.cut_seconds + 300:
                raise TimeoutError(f"publishers are not satisfied after {at:.0f} s")
        if any(p.returncode for p in publishers):
            raise RuntimeError("a publisher has failed")

    def _appointments(self) -> Iterator[tuple[float, str, str]]:
        """Time, victim, and the crash point with which it is started again; a point that fires is a kill as well."""
        for at in sorted(self.chance.uniform(3, self.seconds) for _ in range(self.kills)):
            victim = self.chance.choice(VICTIMS)
            points = list(POINTS.get(victim, ()))
            point = "-"
            if points and self.chance.random() < 0.7:
                point = f"{self.chance.choice(points)}:{self.chance.randint(1, 12)}"
            yield at, victim, point

    def _kill(self, victim: str, point: str) -> None:
        member = self.plant.members[victim]
        member.crash_point = point
        member.kill()

    def _send_twice(self) -> None:
        """Segments that were landed come once more, as if their delivery had been repeated."""
        for source in (HJ212, NGSI):
            place = self.plant.data / "landing" / "segments" / COLLECTOR / source
            for path in sorted(place.glob("done/*.jsonl"))[:3]:
                shutil.copy(path, place / f".{path.name}.tmp")
                (place / f".{path.name}.tmp").rename(place / path.name)
                self.sent_twice += 1

    def _calm(self) -> None:
        """Ordinary stop: the collector seals, the shipper empties the spool, the lander the landing folder."""
        self.plant.tend()
        deadline = time.monotonic() + 120
        time.sleep(3)
        self.plant.members["collector"].terminate()
        while self._is_something_under_way():
            if time.monotonic() > deadline:
                raise TimeoutError("segments are still under way two minutes after the storm")
            self.plant.tend(away=frozenset({"collector"}))
            time.sleep(0.2)

    def _is_something_under_way(self) -> bool:
        spool = [*self.plant.spool.glob("*/open/*.jsonl"), *self.plant.spool.glob("*/sealed/*.jsonl")]
        return bool(spool or list((self.plant.data / "landing" / "segments").glob("*/*/*.jsonl")))


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("--messages", type=int, default=100_000)
    wanted.add_argument("--kills", type=int, default=30)
    wanted.add_argument("--seed", type=int, default=7)
    wanted.add_argument("--seconds", type=float, default=240.0)
    wanted.add_argument("--cut-seconds", type=float, default=120.0)
    wanted.add_argument("--keep", type=Path, help="folder for the run's files; default: a temporary one")
    told = wanted.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp(prefix="edge-storm-"))
    began = time.monotonic()
    try:
        found = Storm(told.messages, told.kills, told.seed, told.seconds, told.cut_seconds, folder).run()
    finally:
        if not told.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(found.table())
    print(
        f"{time.monotonic() - began:.0f} s, seed {told.seed}: {'nothing lost, nothing doubled' if found.is_clean else 'FAULTS'}"
    )
    return 0 if found.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
