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
    """Build the slices of all record datasets in one job, and of each other dataset on the engine that its contract names."""
    from transforms.readings import run as kernel
    from transforms.records import run as records
    from transforms.sql import run as sql

    known = contracts()
    if of_records := [one for one in work["datasets"] if known.is_of_records(one["dataset"])]:
        records.run(of_records)
    for one in work["datasets"]:
        if one not in of_records:
            (kernel if known[one["dataset"]].engine == "kernel" else sql).run(one)


SILVER = Stage("silver", after=("bronze",), plan=plan, run=run)
