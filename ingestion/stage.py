"""The stage `bronze`: files waiting in the inbox, deliveries not yet answered, sealed segments not yet landed."""

from pathlib import Path

from ingestion.batch import delivery
from ingestion.batch._cli import answer
from ingestion.batch.land import land
from ingestion.connectors import folder
from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan, Stage
from lakehouse.settings import settings


def inbox(source: str) -> Path:
    """Where departments drop files of a source."""
    return settings().data_home / "inbox" / source


def plan() -> Plan:
    """Names of what waits, in the order in which it will be landed; empty = nothing."""
    batch = [s.source for s in contracts().sources.values() if s.kind == "batch" and s.time]
    waiting = [[name, str(path)] for name in sorted(batch) for path in folder.files(inbox(name))]
    open_ones = [[d.source, d.delivery_id] for d in delivery.pending()]
    from ingestion.streaming import plan as streaming

    segments = streaming.plan()
    work = {"inbox": waiting, "pending": open_ones, "segments": segments}
    return work if any(work.values()) else {}


def run(work: Plan) -> None:
    """Land all of the plan. A file of the inbox leaves it once its receipt is written."""
    for source, delivery_id in work["pending"]:
        land(delivery.load(delivery.folder_of(source, delivery_id)))
    for source, path in work["inbox"]:
        print(f"  {answer(Path(path), source)}")
        Path(path).unlink()
    if work["segments"]:
        from ingestion.streaming import land as streaming

        streaming.land(work["segments"])


BRONZE = Stage("bronze", after=(), plan=plan, run=run)
