"""Which segments are to be landed next: per stream the numbers that follow the last landed one without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.streaming import landing, ledger
from ingestion.streaming.segment import NAME
from lakehouse.contracts import contracts


@dataclass(frozen=True)
class StreamPlan:
    """What lies in the landing folder of one stream (collector and source)."""

    collector: str
    source: str
    expected: int
    last_seq: int
    segments: tuple[Path, ...] = ()
    replays: tuple[Path, ...] = ()
    misnamed: tuple[Path, ...] = ()
    beyond_gap: tuple[Path, ...] = ()
    has_contract: bool = True

    @property
    def stream(self) -> str:
        return f"{self.collector}/{self.source}"

    @property
    def has_work(self) -> bool:
        return self.has_contract and bool(self.segments or self.replays or self.misnamed)

    def obstacle(self, landed: int) -> str | None:
        """Why segments still wait after `landed` of them were landed, in one sentence; None when none waits."""
        if not self.has_contract:
            return f"{self.stream}: no edge source {self.source} in the contracts; its segments wait until there is one."
        waiting = len(self.segments) + len(self.beyond_gap) - landed
        if not waiting:
            return None
        missing = self.expected + landed
        begins = " If this lake has begun anew, let the collector go on under a new id." if missing == 1 else ""
        return (
            f"{self.stream}: segment {missing} is not there or was refused; those after it wait. "
            f"`lake ship --again {self.source} {missing}` at the collector sends it once more.{begins}"
        )


def plan() -> dict[str, Any]:
    """What is to be landed, as JSON values for the run's lock file; empty when there is nothing."""
    return {
        found.stream: {"expected": found.expected, "segments": [path.name for path in found.segments]}
        for found in streams()
        if found.has_work
    }


def streams() -> list[StreamPlan]:
    """One plan for every stream that has files in the landing folder, sorted by name."""
    return [_plan(place, files) for place, files in landing.delivered()]


def _plan(place: Path, files: list[Path]) -> StreamPlan:
    collector, source = place.parent.name, place.name
    landed, last_seq = ledger.landed(collector, source)
    numbered = {int(path.stem): path for path in files if NAME.fullmatch(path.name)}
    run = _without_gap(numbered, landed + 1)
    return StreamPlan(
        collector=collector,
        source=source,
        expected=landed + 1,
        last_seq=last_seq,
        segments=tuple(run),
        replays=tuple(path for number, path in numbered.items() if number <= landed),
        misnamed=tuple(path for path in files if not NAME.fullmatch(path.name)),
        beyond_gap=tuple(path for number, path in numbered.items() if number > landed + len(run)),
        has_contract=_is_edge_source(source),
    )


def _is_edge_source(name: str) -> bool:
    source = contracts().sources.get(name)
    return source is not None and source.kind == "edge" and source.bronze == name


def _without_gap(numbered: dict[int, Path], first: int) -> list[Path]:
    run: list[Path] = []
    while first + len(run) in numbered:
        run.append(numbered[first + len(run)])
    return run
