"""Which segments are to be landed next: per stream the numbers that follow the last landed one without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from ingestion.streaming.segment import NAME
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

LEDGER = "ops.stream_ledger"


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

    def obstacle(self) -> str | None:
        """Why segments lie here that cannot be landed, in one sentence; None when nothing is in the way."""
        if not self.has_contract:
            return f"{self.stream}: no source {self.source} in the contracts; its segments wait until there is one."
        if self.beyond_gap:
            return (
                f"{self.stream}: segment {self.expected} has not come, {len(self.beyond_gap)} after it wait; "
                f"`lake ship --again {self.source} {self.expected}` at the collector sends it once more."
            )
        return None


def folder() -> Path:
    """Where collectors deliver: `<landing>/segments/<collector>/<source>/`."""
    return settings().landing / "segments"


def streams() -> list[StreamPlan]:
    """One plan for every stream that has files in the landing folder, sorted by name."""
    places = sorted(p for p in folder().glob("*/*") if p.is_dir())
    waiting = [(place, files) for place in places if (files := sorted(place.glob("*.jsonl")))]
    return [_plan(place, files) for place, files in waiting]


def plan() -> dict[str, Any]:
    """What is to be landed, as JSON values for the run's lock file; empty when there is nothing."""
    return {
        found.stream: {"expected": found.expected, "segments": [path.name for path in found.segments]}
        for found in streams()
        if found.has_work
    }


def ledger_application(stream: str) -> str:
    return f"{stream}/ledger"


def landed_sha256(plan: StreamPlan, number: int) -> str | None:
    """Hash of a segment that the ledger knows as landed."""
    found = _ledger_rows(plan.collector, plan.source, number)
    return found[0]["sha256"] if found else None


def _plan(place: Path, files: list[Path]) -> StreamPlan:
    collector, source = place.parent.name, place.name
    landed = max(tables.transacted(LEDGER, ledger_application(f"{collector}/{source}")), 0)
    found = _ledger_rows(collector, source, landed) if landed else []
    named = [path for path in files if NAME.fullmatch(path.name)]
    numbered = {int(path.stem): path for path in named}
    run = _without_gap(numbered, landed + 1)
    return StreamPlan(
        collector=collector,
        source=source,
        expected=landed + 1,
        last_seq=found[0]["last_seq"] if found else 0,
        segments=tuple(run),
        replays=tuple(path for number, path in sorted(numbered.items()) if number <= landed),
        misnamed=tuple(path for path in files if path not in named),
        beyond_gap=tuple(path for number, path in sorted(numbered.items()) if number > landed + len(run)),
        has_contract=source in contracts().sources,
    )


def _without_gap(numbered: dict[int, Path], first: int) -> list[Path]:
    run: list[Path] = []
    while first + len(run) in numbered:
        run.append(numbered[first + len(run)])
    return run


def _ledger_rows(collector: str, source: str, number: int) -> list[dict[str, Any]]:
    wanted = (
        (ds.field("collector_id") == collector) & (ds.field("source_code") == source) & (ds.field("segment") == number)
    )
    return tables.read(LEDGER, ["last_seq", "sha256"], filters=wanted).to_pylist()
