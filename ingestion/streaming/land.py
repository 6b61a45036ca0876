"""Land sealed segments in bronze exactly once.

A group of consecutive segments goes into three tables, each commit carrying the number of the group's last segment as
Delta transaction version: dead letters, bronze, and last the ledger, whose version says what is landed. Each table is
asked first which segments it already has and gets only those after them, so a process killed anywhere is followed by
one that goes on there, also with another grouping. After the ledger the files move to `done/` (kept).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deltalake.exceptions import DeltaError

from ingestion.streaming import landing, ledger
from ingestion.streaming.open_table import OpenTable
from ingestion.streaming.plan import StreamPlan, streams
from ingestion.streaming.rows import SegmentCounts, SegmentRows
from ingestion.streaming.segment import Refused, Segment, examine
from lakehouse import outcomes, tables
from lakehouse.contracts import Source, contracts

GROUP_BYTES = 8 * 1024 * 1024
GROUP_SEGMENTS = 500
MOST_OUTCOME_FILES = 100


@dataclass
class Landed:
    """What one pass did with one stream; `obstacle` says what holds up segments that still wait."""

    stream: str
    segments: int = 0
    records: int = 0
    accepted: int = 0
    dead_letter: int = 0
    replays: int = 0
    refused: list[str] = field(default_factory=list)
    obstacle: str | None = None

    def add(self, counts: Sequence[SegmentCounts]) -> None:
        self.segments += len(counts)
        self.records += sum(c.records for c in counts)
        self.accepted += sum(c.accepted for c in counts)
        self.dead_letter += sum(c.dead_letter + c.no_contract for c in counts)

    def refuse(self, path: Path, reason: str) -> None:
        landing.refuse(path, reason)
        self.refused.append(reason)


@dataclass
class Target:
    """The three tables of one source, open for the length of a pass."""

    origin: str
    dead_letters: OpenTable
    bronze: OpenTable
    ledger: OpenTable

    @classmethod
    def of(cls, source: Source) -> Target:
        letters, bronze = OpenTable(f"dead_letter.{source.feeds}"), OpenTable(source.bronze_table)
        return cls(source.origin, letters, bronze, OpenTable(ledger.TABLE))


def land(work: object = None) -> list[Landed]:
    """Land everything that waits, stream by stream; one outcome row per stream with work.

    `work` is what `plan.plan()` wrote down; segments that came since then are landed too. One process lands at a
    time, a second one waits. A bad segment raises nothing: it is moved to `landing/refused/` with its reason.
    """
    with landing.one_lander():
        landed = [_land_stream(plan) for plan in streams()]
        _join_outcomes()
        return landed


def _join_outcomes() -> None:
    """One outcome row a pass is one file a pass: a lander that follows would leave a hundred thousand a week."""
    if not tables.exists(outcomes.TABLE):
        return
    table = tables.open_table(outcomes.TABLE)
    if len(table.file_uris()) > MOST_OUTCOME_FILES:
        with suppress(DeltaError):  # another process joins them now
            table.optimize.compact()


def _land_stream(plan: StreamPlan) -> Landed:
    landed = Landed(plan.stream)
    if plan.has_work:
        with outcomes.step("bronze", plan.source) as outcome:
            _set_aside(plan, landed)
            _land_segments(plan, landed)
            outcome.rows_in, outcome.rows_out = landed.records, landed.accepted
            outcome.accepted, outcome.dead_letter, outcome.duplicate = landed.accepted, landed.dead_letter, 0
            told = ("stream", "segments", "replays", "refused")
            outcome.detail = {name: value for name, value in asdict(landed).items() if name in told}
    landed.obstacle = plan.obstacle(landed.segments)
    return landed


def _set_aside(plan: StreamPlan, landed: Landed) -> None:
    """Files that are not to be landed: wrong names, and segments that are landed already."""
    for path in plan.misnamed:
        landed.refuse(path, f"{path.name} is not a segment; a segment is a file named by 12 digits and .jsonl.")
    for path in plan.replays:
        if _is_replay(plan, path):
            landing.keep(path)
            landed.replays += 1
        else:
            landed.refuse(path, _begun_again(plan, int(path.stem)))


def _is_replay(plan: StreamPlan, path: Path) -> bool:
    try:
        return examine(path).sha256 == ledger.sha256(plan.collector, plan.source, int(path.stem))
    except Refused:
        return False


def _begun_again(plan: StreamPlan, number: int) -> str:
    return (
        f"{plan.stream} segment {number} was landed before with other content; a collector that has lost its spool "
        "must go on under a new collector id, because its numbers begin again at 1."
    )


def _land_segments(plan: StreamPlan, landed: Landed) -> None:
    into = Target.of(contracts().sources[plan.source])
    for group in _groups(plan, landed):
        try:
            landed.add(_commit(group, into))
        except Refused:
            _land_one_by_one(group, into, landed)
            return


def _land_one_by_one(group: Sequence[Segment], into: Target, landed: Landed) -> None:
    """Land a group that holds a bad segment up to that one, which is refused."""
    for segment in group:
        try:
            landed.add(_commit([segment], into))
        except Refused as refusal:
            landed.refuse(segment.path, str(refusal))
            return


def _groups(plan: StreamPlan, landed: Landed) -> Iterator[list[Segment]]:
    """Consecutive examined segments, bounded in bytes and number; ends before the first that is refused."""
    group: list[Segment] = []
    last_seq, refusal = plan.last_seq, None
    for path in plan.segments:
        try:
            group.append(_next(path, last_seq))
        except Refused as error:
            refusal = (path, str(error))
            break
        last_seq = group[-1].last_seq
        if sum(s.bytes for s in group) >= GROUP_BYTES or len(group) >= GROUP_SEGMENTS:
            yield group
            group = []
    if group:
        yield group
    if refusal:
        landed.refuse(*refusal)


def _next(path: Path, last_seq: int) -> Segment:
    segment = examine(path)
    if segment.first_seq != last_seq + 1:
        raise Refused(
            f"{segment.stream} segment {segment.number} begins at sequence number {segment.first_seq}, but the one "
            f"before it ended at {last_seq}; records are missing or doubled."
        )
    return segment


def _commit(group: Sequence[Segment], into: Target) -> list[SegmentCounts]:
    rows, now = SegmentRows(group, into.origin), datetime.now(UTC)
    stream, last = group[0].stream, group[-1].number
    letters_id, ledger_id = f"{stream}/dead_letter", ledger.application(stream)
    dead = rows.dead_letters(after=into.dead_letters.landed(letters_id))
    if dead.num_rows:
        into.dead_letters.append(dead, letters_id, last)
    fresh = rows.bronze(after=into.bronze.landed(stream), now=now)
    if fresh.num_rows:
        into.bronze.append(fresh, stream, last)
    into.ledger.append(ledger.rows(group, rows.counts, now), ledger_id, last)
    for segment in group:
        landing.keep(segment.path)
    return rows.counts
