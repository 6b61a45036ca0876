"""Wall time, processor time and memory of what a benchmark runs, and the table that compares it."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil

Variant = Callable[[Path], Callable[[], object]]
"""Prepares one way of doing the work, given a folder, and returns the work itself."""


@dataclass(frozen=True)
class Run:
    """One run: seconds on the clock, processor seconds of the process tree, and the peak of its memory.

    Memory is the resident set (MB) summed over the tree: pages that processes share count in each.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Timing:
    """The runs of one variant in one process: the first (cold: imports, compilation, caches), then the warm ones."""

    cold: Run
    warm: tuple[Run, ...] = ()

    @property
    def steady(self) -> Run:
        """Medians of the warm runs; the cold run where there is no other."""
        runs = self.warm or (self.cold,)
        return Run(*(median(getattr(r, f) for r in runs) for f in ("wall_s", "cpu_s", "peak_mb")))

    @property
    def peak_mb(self) -> float:
        """The most memory of any run."""
        return max(run.peak_mb for run in (self.cold, *self.warm))


class TreeMeter:
    """Processor time, peak memory and programs of a process and its descendants, sampled while the `with` block runs."""

    def __init__(self, pid: int, every_s: float):
        self.root, self.every_s = psutil.Process(pid), every_s
        self.peak_mb, self.programs, self._cpu, self._stop = 0.0, set(), {}, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "TreeMeter":
        self._sample()
        self._before = sum(self._cpu.values())
        self.peak_mb = 0.0
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()
        self.cpu_s = sum(self._cpu.values()) - self._before

    def _watch(self) -> None:
        while not self._stop.wait(self.every_s):
            self._sample()

    def _sample(self) -> None:
        used = 0.0
        for process in self._tree():
            try:
                spent = process.cpu_times()
                self._cpu[process.pid] = spent.user + spent.system
                used += process.memory_info().rss
                self.programs.add(process.name())
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.peak_mb = max(self.peak_mb, used / 1e6)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def here(work: Callable[[], object]) -> tuple[Run, object]:
    """Run `work` in this process; its measures and its result."""
    with TreeMeter(os.getpid(), every_s=0.5) as meter:  # looking costs processor time, which counts as the work's
        began = time.perf_counter()
        result = work()
        wall = time.perf_counter() - began
    return Run(wall, meter.cpu_s, meter.peak_mb), result


def surroundings(scratch: Path, data_home: Path) -> dict[str, str]:
    """Variables of a child: a data home of its own, and byte code that is made once and kept, as in an installation."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"LAKE_DATA_HOME": str(data_home), "PYTHONPYCACHEPREFIX": str(scratch / "bytecode")}


def command(words: Sequence[str], environment: dict[str, str], without: str = "", every_s: float = 0.02) -> Run:
    """Run a command as a process of its own, looked at every so many seconds.

    Raises RuntimeError with its last words if it fails, or if the program `without` ran below it.
    """
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(words, env=environment, stdout=said, stderr=subprocess.STDOUT)
        with TreeMeter(child.pid, every_s) as meter:
            code = child.wait()
            wall = time.perf_counter() - began
        if code:
            said.seek(0)
            lines = [line for line in said.read().decode(errors="replace").splitlines() if not line.startswith("\tat ")]
            raise RuntimeError(f"{' '.join(words)} ended with {code}: {chr(10).join(lines[-30:])}")
    if without in meter.programs:
        raise RuntimeError(f"{' '.join(words)} started {without}.")
    return Run(wall, meter.cpu_s, meter.peak_mb)


def in_child(module: str, variant: str, folder: Path, warm_runs: int, environment: dict[str, str]) -> tuple[Timing, object]:
    """Measure one variant in a fresh process: `python -m module variant folder runs answer` calls `serve` below."""
    with tempfile.TemporaryDirectory(prefix="lake-bench-") as scratch:
        answer = Path(scratch) / "answer.json"
        words = [sys.executable, "-m", module, variant, str(folder), str(1 + warm_runs), str(answer)]
        command(words, environment)
        told = json.loads(answer.read_text("utf-8"))
    runs = [Run(**r) for r in told["runs"]]
    print(f"{variant}: {', '.join(f'{run.wall_s:.1f} s' for run in runs)}", flush=True)
    return Timing(runs[0], tuple(runs[1:])), told["result"]


def serve(variants: dict[str, Variant], found: Callable[[], object] | None = None) -> None:
    """The child's side of `in_child`: prepare the variant (not measured), run it, write measures and result.

    The result is what the last run returned or, where the work leaves tables behind, what `found` says of them.
    """
    variant, folder, runs, answer = sys.argv[1:]
    work = variants[variant](Path(folder))
    done = [here(work) for _ in range(int(runs))]
    told = {"runs": [asdict(run) for run, _ in done], "result": found() if found else done[-1][1]}
    Path(answer).write_text(json.dumps(told, default=str), "utf-8")
    leave()


def leave() -> None:
    """End this process after its exit functions: threads of native libraries can abort an orderly shutdown."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(0)


@dataclass(frozen=True)
class Claim:
    """A promised figure, at most (or `at_least`) `limit`. A ratio of wall times carries that of processor times too."""

    words: str
    value: float
    limit: float
    at_least: bool = False
    cpu_ratio: float | None = None

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        sign, cpu = ">=" if self.at_least else "<=", "" if self.cpu_ratio is None else f"; of processor time {self.cpu_ratio:.2f}"
        return f"{self.words}: {self.value:.2f}{cpu} (target {sign} {self.limit:g}) {'met' if self.is_met else 'MISSED'}"


def ratio(timings: dict[str, Timing], one: str, other: str, limit: float, at_least: bool = False) -> Claim:
    """The claim on the steady times of one variant over those of another."""
    a, b = timings[one].steady, timings[other].steady
    return Claim(f"{one} / {other}", a.wall_s / b.wall_s, limit, at_least, a.cpu_s / b.cpu_s)


def show(title: str, timings: dict[str, Timing], claims: Iterable[Claim]) -> bool:
    """Print the table of variants and the claims; whether all claims are met."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for head in ("variant", "cold s", "warm s", "warm CPU s", "peak MB"):
        table.add_column(head, justify="left" if head == "variant" else "right")
    for name, timing in timings.items():
        steady = timing.steady
        warm = f"{steady.wall_s:.2f}" if timing.warm else "-"
        table.add_row(name, f"{timing.cold.wall_s:.2f}", warm, f"{steady.cpu_s:.2f}", f"{timing.peak_mb:,.0f}")
    Console().print(table)
    made = list(claims)
    for claim in made:
        print(claim.line())
    return all(claim.is_met for claim in made)
