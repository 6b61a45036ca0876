"""Spark's standalone cluster as processes of this machine: one master, workers of one core, each ended by its own pid."""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.settings import settings
from tests.support.broker import free_port, wait_for_port

SCRIPT = settings().checkout / "deploy" / "spark" / "start.sh"


@dataclass(frozen=True)
class Cluster:
    """A running cluster: address of the master, port of its page, working folders of the workers."""

    master: str
    page: int
    workers: tuple[Path, ...]

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/json/", timeout=10) as answer:
            return json.load(answer)

    def has_workers(self) -> bool:
        try:
            return self.state()["aliveworkers"] == len(self.workers)
        except OSError:  # the page is not there yet
            return False

    def completed(self) -> list[dict[str, Any]]:
        """The sessions that were, once none is running any more."""
        _until(lambda: not self.state()["activeapps"], f"{self.master}: end of the sessions")
        return self.state()["completedapps"]

    def finished_tasks(self) -> list[int]:
        """Per worker, how many tasks the executors that it started say they have finished."""
        return [sum(log.read_text().count(": Finished task ") for log in w.glob("*/app-*/*/stderr")) for w in self.workers]


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Start master and workers, wait until all are registered; everything is ended on the way out."""
    port, page = free_port(), free_port()
    made = Cluster(f"spark://127.0.0.1:{port}", page, tuple(folder / f"worker-{n}" for n in range(workers)))
    with ExitStack() as processes:
        ports = {"SPARK_MASTER_PORT": str(port), "SPARK_MASTER_PAGE": str(page)}
        processes.enter_context(_process(folder / "master", "master", **ports))
        wait_for_port(port, 60)
        for place in made.workers:
            processes.enter_context(_process(place, "worker", made.master, TMPDIR=str(place)))
        _until(made.has_workers, f"{made.master}: {workers} workers (logs: {folder})")
        yield made


@contextmanager
def _process(folder: Path, *words: str, **environment: str) -> Iterator[None]:
    folder.mkdir(parents=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SCRIPT, *words], stdout=log, stderr=log, env=os.environ | environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _until(met: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.2)
