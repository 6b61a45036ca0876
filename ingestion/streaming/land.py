"""Land sealed segments in bronze exactly once.

A group of consecutive segments goes into three tables, each commit carrying the number of its last segment as Delta
transaction version: dead letters, bronze, and last `ops.stream_ledger`, whose version says what is landed. Each table
is asked first which segments it already has and gets only those after them, so a process killed anywhere is followed
by one that goes on there, also with another grouping. After the ledger the files move to `done/` (kept).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from ingestion.streaming import plan as planning
from ingestion.streaming.plan import LEDGER, StreamPlan
from ingestion.streaming.rows import SegmentCounts, SegmentRows
from ingestion.streaming.segment import Refused, Segment, examine
from lakehouse import outcomes, tables
from lakehouse.contracts import Source, contracts
from lakehouse.settings import settings

GROUP_BYTES = 16 * 1024 * 1024
GROUP_SEGMENTS = 500
COMPACT_EVERY = 50

_TIME = pa.timestamp("us", tz="UTC")
_LEDGER_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("collector_id", "source_code")),
        *((name, pa.int64()) for name in ("segment", "first_seq", "last_seq", "records")),
        *((name, pa.int64()) for name in ("accepted", "dead_letter", "no_contract")),
        *((name, pa.string()) for name in ("contract_version", "sha256")),
        ("landed_at", _TIME),
    ]
)


@dataclass
class Landed:
    """What one pass did with one stream."""

    stream: str
    segments: int = 0
    records: int = 0
    accepted: int = 0
    dead_letter: int = 0
    replays: int = 0
    refused: list[str] = field(default_factory=list)
    obstacle: str | None = None


def land(work: object = None) -> list[Landed]:
    """Land everything that waits, stream by stream; one outcome row per stream with work.

    `work` is what `plan.plan()` wrote down; segments that came since then are landed too. One process lands at a
    time, a second one waits. Raises nothing for a bad segment: it is moved to `landing/refused/` with its reason.
    """
    with _one_lander():
        return [_land_stream(plan) for plan in planning.streams()]


def _land_stream(plan: StreamPlan) -> Landed:
    landed = Landed(plan.stream)
    if plan.has_work:
        source = contracts().sources[plan.source]
        with outcomes.step("bronze", source.source) as outcome:
            _set_aside(plan, landed)
            _land_segments(plan, source, landed)
            outcome.rows_in, outcome.rows_out = landed.records, landed.accepted
            outcome.accepted, outcome.dead_letter, outcome.duplicate = landed.accepted, landed.dead_letter, 0
            outcome.detail = {k: v for k, v in asdict(landed).items() if k in ("stream", "segments", "replays", "refused")}
    landed.obstacle = _obstacle(plan, landed)
    return landed


def _obstacle(plan: StreamPlan, landed: Landed) -> str | None:
    missing = plan.expected + landed.segments
    if landed.refused and plan.segments and landed.segments < len(plan.segments):
        return (
            f"{plan.stream}: segment {missing} was refused; a whole copy is needed before the next ones can land: "
            f"`lake ship --again {plan.source} {missing}` at the collector sends it."
        )
    return plan.obstacle()


def _set_aside(plan: StreamPlan, landed: Landed) -> None:
    for path in plan.misnamed:
        _refuse(path, f"{path.name} is not a segment; a segment is a file named by 12 digits and .jsonl.", landed)
    for path in plan.replays:
        if _sha256_of_records(path) == planning.landed_sha256(plan, int(path.stem)):
            _done(path)
            landed.replays += 1
        else:
            _refuse(path, _other_content(plan, path), landed)


def _other_content(plan: StreamPlan, path: Path) -> str:
    return (
        f"{plan.stream} segment {int(path.stem)} was landed before with other content; a collector that has lost its "
        "spool must go on under a new collector id, because its numbers begin again at 1."
    )


def _land_segments(plan: StreamPlan, source: Source, landed: Landed) -> None:
    last_seq = plan.last_seq
    for group in _groups(plan, last_seq, landed):
        try:
            counts = _commit(group, source)
        except Refused as refusal:
            if len(group) == 1:
                _refuse(group[0].path, str(refusal), landed)
                return
            if not _land_one_by_one(group, source, landed):
                return
        else:
            _count(counts, landed)


def _land_one_by_one(group: Sequence[Segment], source: Source, landed: Landed) -> bool:
    """Land a group that holds a bad segment up to that one, which is refused."""
    for segment in group:
        try:
            _count(_commit([segment], source), landed)
        except Refused as refusal:
            _refuse(segment.path, str(refusal), landed)
            return False
    return True


def _groups(plan: StreamPlan, last_seq: int, landed: Landed) -> Iterator[list[Segment]]:
    """Consecutive examined segments, bounded in bytes and number; ends at the first one that is refused."""
    group: list[Segment] = []
    for path in plan.segments:
        try:
            segment = _next(path, last_seq)
        except Refused as refusal:
            yield from [group] if group else []
            _refuse(path, str(refusal), landed)
            return
        group.append(segment)
        last_seq = segment.last_seq
        if sum(s.bytes for s in group) >= GROUP_BYTES or len(group) >= GROUP_SEGMENTS:
            yield group
            group = []
    if group:
        yield group


def _next(path: Path, last_seq: int) -> Segment:
    segment = examine(path)
    if segment.first_seq != last_seq + 1:
        raise Refused(
            f"{segment.stream} segment {segment.number} begins at sequence number {segment.first_seq}, but the one "
            f"before it ended at {last_seq}; records are missing or doubled."
        )
    return segment


def _commit(group: Sequence[Segment], source: Source) -> list[SegmentCounts]:
    rows = SegmentRows(group, source.origin)
    try:
        stream, last = group[0].stream, group[-1].number
        now = datetime.now(UTC)
        letters = f"dead_letter.{source.feeds}"
        dead = rows.dead_letters(tables.transacted(letters, f"{stream}/dead_letter"))
        if dead.num_rows:
            tables.append(letters, dead, (f"{stream}/dead_letter", last))
        fresh = rows.bronze(tables.transacted(source.bronze_table, stream), now)
        if fresh.num_rows:
            tables.append(source.bronze_table, fresh, (stream, last))
        tables.append(LEDGER, _ledger_rows(group, rows.counts, now), (planning.ledger_application(stream), last))
    finally:
        rows.close()
    for name in (source.bronze_table, LEDGER):
        _compact(name)
    for segment in group:
        _done(segment.path)
    return rows.counts


def _ledger_rows(group: Sequence[Segment], counts: Sequence[SegmentCounts], now: datetime) -> pa.Table:
    rows = [
        {"collector_id": s.collector, "source_code": s.source, "segment": s.number, "sha256": s.sha256}
        | {"contract_version": s.contract_version, "landed_at": now}
        | {k: v for k, v in asdict(c).items() if k != "number"}
        for s, c in zip(group, counts, strict=True)
    ]
    return pa.Table.from_pylist(rows, _LEDGER_SCHEMA)


def _compact(name: str) -> None:
    """Join small files every 50 commits, so that neither reading nor committing grows slower with every segment."""
    if (tables.version(name) or 0) % COMPACT_EVERY == COMPACT_EVERY - 1:
        tables.open_table(name).optimize.compact()


def _count(counts: Sequence[SegmentCounts], landed: Landed) -> None:
    landed.segments += len(counts)
    landed.records += sum(c.records for c in counts)
    landed.accepted += sum(c.accepted for c in counts)
    landed.dead_letter += sum(c.dead_letter + c.no_contract for c in counts)


def _done(path: Path) -> None:
    target = path.parent / "done"
    target.mkdir(exist_ok=True)
    path.replace(target / path.name)


def _refuse(path: Path, reason: str, landed: Landed) -> None:
    place = settings().landing / "refused" / path.parent.parent.name / path.parent.name
    place.mkdir(parents=True, exist_ok=True)
    name = path.name if not (place / path.name).exists() else f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl"
    (place / f"{name}.reason.txt").write_text(reason + "\n", "utf-8")
    path.replace(place / name)
    landed.refused.append(reason)


def _sha256_of_records(path: Path) -> str | None:
    try:
        return examine(path).sha256
    except Refused:
        return None


@contextmanager
def _one_lander() -> Iterator[None]:
    folder = planning.folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / ".lander.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
