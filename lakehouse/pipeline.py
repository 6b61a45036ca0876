"""The stages of a run: found by entry point, ordered by what each comes after, planned, written down, run."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from importlib.metadata import entry_points
from typing import Any

from lakehouse import outcomes, progress
from lakehouse.settings import settings

Plan = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One stage. `plan` resolves what is to be done (JSON values; empty = nothing new); `run` does it."""

    name: str
    after: tuple[str, ...]
    plan: Callable[[], Plan]
    run: Callable[[Plan], None]


def stages() -> list[Stage]:
    """All registered stages, each behind those that it comes after. Raises ValueError when one is missing."""
    found: dict[str, Stage] = {p.name: p.load() for p in entry_points(group="lake.stages")}
    for stage in found.values():
        if missing := set(stage.after) - found.keys():
            raise ValueError(f"Stage {stage.name} comes after {', '.join(sorted(missing))}, which nobody registers.")
    order = TopologicalSorter({name: stage.after for name, stage in found.items()})
    return [found[name] for name in order.static_order()]


def run(names: tuple[str, ...] = (), tell: Callable[[str], None] = print) -> None:
    """Plan and run the stages (none named = all). A stage without work is told so and costs no engine start.

    Raises ValueError for an unknown stage; errors of a stage stop the run.
    """
    registered = stages()
    if unknown := set(names) - {s.name for s in registered}:
        raise ValueError(f"No stage {', '.join(sorted(unknown))}; there are {', '.join(s.name for s in registered)}.")
    for stage in registered:
        if not names or stage.name in names:
            _run_stage(stage, tell)


def _run_stage(stage: Stage, tell: Callable[[str], None]) -> None:
    clock = time.monotonic()
    plan = stage.plan()
    if not plan:
        tell(f"{stage.name:<15} nothing new")
        return
    lock(stage.name, plan)
    with progress.step(stage.name):
        stage.run(plan)
    tell(f"{stage.name:<15} done in {time.monotonic() - clock:.1f} s")


def lock(name: str, plan: Plan) -> None:
    """Write the resolved plan beside the run before anything is done."""
    folder = settings().runs / outcomes.run_id()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.plan.json").write_text(json.dumps(plan, indent=1, sort_keys=True, default=str), "utf-8")
