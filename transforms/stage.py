"""The stage `silver`: every silver dataset whose inputs changed, each by the engine that its contract names."""

from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan, Stage
from transforms import slices


def plan() -> Plan:
    """One resolved plan per dataset with work; empty = nothing new."""
    fed = {s.feeds for s in contracts().sources.values()}
    plans = [slices.resolve(d, contracts()) for d in contracts().of_layer("silver") if d.id in fed]
    work = [p for p in plans if p]
    return {"datasets": work} if work else {}


def run(work: Plan) -> None:
    """Build the slices of each dataset on the engine its contract names."""
    from transforms.readings import run as kernel
    from transforms.sql import run as sql

    for one in work["datasets"]:
        engine = kernel if contracts()[one["dataset"]].engine == "kernel" else sql
        engine.run(one)


SILVER = Stage("silver", after=("bronze",), plan=plan, run=run)
