"""From departments' files to dashboards: the sample city through the platform's own commands, each a process of its own.

What grows with the city is seen from two scales in one run. The truth stays outside the lake and is read by the score alone.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Claim, Run, command, surroundings

CLOCK = "2015-01-01T00:00:00+08:00"
"""The midnight after the city's last reported day: what counts as now for arrivals and freshness."""
EVERY_S = 0.2
PIPELINE = ("silver", "places", "registers", "gold", "gates", "serving")
DASHBOARDS, SCORE = "dashboards bootstrap", "score"
LIMITS = {0.1: (12, None), 1.0: (60, 12)}
"""Minutes from files to dashboards, and GB of memory, on two cores, by scale."""

Stages = dict[str, Run]


def run(scales: Sequence[float]) -> bool:
    """Build each city and carry it through; whether all targets of these scales are met.

    Raises RuntimeError when a command fails, with its last words.
    """
    measured = {scale: one_city(scale) for scale in sorted(set(scales))}
    show(measured)
    claims = [claim for scale, stages in measured.items() for claim in claims_of(scale, stages)]
    for claim in claims:
        print(claim.line())
    return all(claim.is_met for claim in claims)


def one_city(scale: float) -> Stages:
    """Measures by stage, in a data home that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as folder:
        scratch, stages = Path(folder), {}
        homes = {"LAKE_SECRETS_HOME": str(scratch / "secrets"), "LAKE_AS_OF": CLOCK}
        environment = surroundings(scratch, scratch / "data") | homes
        for name, words in commands(scale, scratch / "city").items():
            stages[name] = command([sys.executable, "-m", "lakehouse.cli", *words], environment, every_s=EVERY_S)
            print(f"scale {scale:g}, {name}: {stages[name].wall_s:.1f} s", flush=True)
    return stages


def commands(scale: float, city: Path) -> dict[str, list[str]]:
    """Words of the command behind each stage, in order."""
    return {
        "build the city": ["sample-city", "build", "--scale", f"{scale:g}", "--out", str(city)],
        "deliver": ["deliver", "--folder", str(city / "extracts")],
        **{f"run {stage}": ["run", stage] for stage in PIPELINE},
        DASHBOARDS: ["dashboards", "bootstrap"],
        SCORE: ["sample-city", "score", "--truth", str(city / "truth")],
    }


def way(stages: Stages) -> Run:
    """From the extracts to gold and dashboards: sums of time, the highest peak. Building and scoring are not the lake's work."""
    runs = [stages[name] for name in ("deliver", *(f"run {stage}" for stage in PIPELINE), DASHBOARDS)]
    return Run(sum(r.wall_s for r in runs), sum(r.cpu_s for r in runs), max(r.peak_mb for r in runs))


def claims_of(scale: float, stages: Stages) -> list[Claim]:
    """What was promised for this scale; nothing for others."""
    minutes, gigabytes = LIMITS.get(scale, (None, None))
    whole, found = way(stages), []
    if minutes:
        found.append(Claim(f"scale {scale:g}, extracts to dashboards, minutes", whole.wall_s / 60, minutes))
    if gigabytes:
        found.append(Claim(f"scale {scale:g}, peak memory, GB", whole.peak_mb / 1000, gigabytes))
    return found


def show(measured: dict[float, Stages]) -> None:
    """A table for each scale, each beside what it is of the scale before."""
    from rich.console import Console
    from rich.table import Table

    before: Stages = {}
    for scale, stages in measured.items():
        table = Table(title=f"registers: scale {scale:g}")
        for head in ("stage", "s", "CPU s", "peak MB", "times the s", "times the CPU s", "times the MB"):
            table.add_column(head, justify="left" if head == "stage" else "right")
        rows = stages | {"extracts to dashboards": way(stages)}
        for name, one in rows.items():
            table.add_row(name, f"{one.wall_s:.1f}", f"{one.cpu_s:.1f}", f"{one.peak_mb:,.0f}", *growth(one, before.get(name)))
        Console().print(table)
        before = rows


def growth(one: Run, other: Run | None) -> tuple[str, ...]:
    """Factors of seconds, processor seconds and memory over the smaller scale; empty when there is none."""
    if other is None:
        return "", "", ""
    pairs = ((one.wall_s, other.wall_s), (one.cpu_s, other.cpu_s), (one.peak_mb, other.peak_mb))
    return tuple(f"{a / b:.1f}" if b else "-" for a, b in pairs)
