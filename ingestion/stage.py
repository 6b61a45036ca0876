"""The stage `bronze`: files in the inbox, deliveries not yet answered, sealed segments not yet landed."""

from pathlib import Path

from ingestion.batch import delivery
from ingestion.batch.answers import answer
from ingestion.batch.land import land
from ingestion.batch.statement import note_file, stated
from ingestion.connectors import folder
from ingestion.connectors.fetched import wipe_abandoned
from ingestion.streaming import plan as streaming
from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan, Stage
from lakehouse.settings import settings


def inbox(source: str) -> Path:
    """Where departments drop files of a source, each after its note if it has one."""
    return settings().data_home / "inbox" / source


def plan() -> Plan:
    """Names of what waits, in the order in which it will be landed; empty = nothing."""
    taking = sorted(name for name, s in contracts().sources.items() if s.takes_files)
    waiting = [[name, str(path)] for name in taking for path in folder.files(inbox(name))]
    unanswered = [[d.source, d.delivery_id] for d in delivery.pending()]
    work = {"inbox": waiting, "pending": unanswered, "segments": streaming.plan()}
    return work if any(work.values()) else {}


def run(work: Plan) -> None:
    """Land all of the plan. A file of the inbox leaves it once its receipt is written."""
    wipe_abandoned()
    for source, delivery_id in work["pending"]:
        land(delivery.load(delivery.folder_of(source, delivery_id)))
    for source, path in work["inbox"]:
        _take(Path(path), source)
    if work["segments"]:
        from ingestion.streaming.land import land as land_segments

        land_segments(work["segments"])


def _take(file: Path, source: str) -> None:
    """Deliver a file of the inbox. One that cannot be received stays there, with the reason said."""
    try:
        print(f"  {answer(file, source, stated(file, source))}")
    except ValueError as reason:
        print(f"  {file.name} stays in the inbox of {source}: {reason}")
        return
    file.unlink()
    note_file(file).unlink(missing_ok=True)


BRONZE = Stage("bronze", after=(), plan=plan, run=run)
