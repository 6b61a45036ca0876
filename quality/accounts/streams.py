"""Sequence numbers of edge streams: from the first to the last, each number once, in bronze or as a dead letter."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehouse.contracts import Source
from quality.accounts.opened import LETTERS, opened

LEDGER = "ops.stream_ledger"
_NUMBERS = ("segment", "first_seq", "last_seq", "records", "accepted", "dead_letter", "no_contract")
_LEDGER = ", ".join(["collector_id text", "source_code text", *(f"{name} bigint" for name in _NUMBERS)])
EXAMPLES = 5
LANDING = timedelta(hours=1)
"""For so long a segment may be in bronze and not yet in the ledger, which is committed last."""

_SEGMENTS = """
with segments as (
    select collector_id || '/' || source_code as stream, * from ops.stream_ledger where source_code = $source),
bronze as (
    select _stream_id as stream, _segment as segment, count(*) as rows, count(distinct _seq_no) as numbers,
           min(_seq_no) as lowest, max(_seq_no) as highest from {bronze} group by 1, 2),
letters as (
    select regexp_extract(_delivery_id, '^(.*)/[0-9]+$', 1) as stream,
           regexp_extract(_delivery_id, '([0-9]+)$', 1)::bigint as segment, count(*) as dead
    from {letters} where _source_code = $source group by 1, 2)
select stream, segment, first_seq, last_seq, records, accepted, dead_letter + no_contract as refused,
       coalesce(rows, 0) as rows, coalesce(numbers, 0) as numbers, coalesce(dead, 0) as dead,
       coalesce(lowest, first_seq) as lowest, coalesce(highest, last_seq) as highest,
       lag(segment, 1, 0) over before_it as segment_before, lag(last_seq, 1, 0) over before_it as last_before
from segments left join bronze using (stream, segment) left join letters using (stream, segment)
window before_it as (partition by stream order by segment) order by stream, segment
"""
RELEASED = "/released"
"""Ends the name of a stream of readings that were kept without contract and released later: their letters are counted in
the stream itself, so these rows take no part in its sequence."""
_RELEASED_TWICE = """
select _stream_id, count(*), count(distinct _seq_no) from {bronze} where ends_with(_stream_id, $released)
group by 1 having count(*) <> count(distinct _seq_no) order by 1
"""
_BEYOND = """
select _stream_id, count(*), min(_segment), max(_segment)
from {bronze} left join (
    select collector_id || '/' || source_code as stream, max(segment) as last from ops.stream_ledger group by 1)
    on stream = _stream_id
where _segment > coalesce(last, 0) and not ends_with(_stream_id, $released)
group by 1 having min(_ingested_at) < $since order by 1
"""
_BRONZE = "_ingested_at timestamptz, _stream_id text, _segment bigint, _seq_no bigint"


@dataclass(frozen=True)
class Stream:
    """One stream (collector and source): its sequence numbers and where their records are."""

    stream: str
    first_seq: int
    last_seq: int
    segments: int
    records: int
    bronze: int
    dead_letter: int

    @property
    def difference(self) -> int:
        """Numbers between first and last without a record; below 0 when some have two."""
        return self.last_seq - self.first_seq + 1 - self.bronze - self.dead_letter


def check(source: Source) -> tuple[list[Stream], list[str]]:
    """The streams of an edge source, and one sentence for each segment of which a record is missing or doubled.

    Segments after the ledger's last that came within the hour are being landed and are left for the next look.
    """
    letters = f"dead_letter.{source.feeds}"
    with opened({LEDGER: _LEDGER, source.bronze_table: _BRONZE, letters: LETTERS}) as connection:
        names = {"bronze": source.bronze_table, "letters": letters}
        query = _SEGMENTS.format(**names)
        rows = connection.sql(query, params={"source": source.source}).to_arrow_table().to_pylist()
        given = {"released": RELEASED}
        beyond = connection.execute(_BEYOND.format(**names), {"since": datetime.now(UTC) - LANDING, **given}).fetchall()
        twice = connection.execute(_RELEASED_TWICE.format(**names), given).fetchall()
    by_stream: dict[str, list[dict]] = {}
    for row in rows:
        by_stream.setdefault(row["stream"], []).append(row)
    faults = [text for row in rows for text in _faults(row)]
    faults += [
        f"{stream}: bronze holds {n} rows of segments {low} to {high}, which the ledger does not have."
        for stream, n, low, high in beyond
    ]
    faults += [f"{stream}: bronze holds {rows} released rows under {numbers} numbers." for stream, rows, numbers in twice]
    more = [f"{source.source}: {len(faults) - EXAMPLES} more segments are not whole."] if len(faults) > EXAMPLES else []
    return [_stream(name, segments) for name, segments in by_stream.items()], [*faults[:EXAMPLES], *more]


def _stream(name: str, segments: list[dict]) -> Stream:
    figures = (sum(s[column] for s in segments) for column in ("records", "rows", "dead"))
    return Stream(name, segments[0]["first_seq"], segments[-1]["last_seq"], len(segments), *figures)


def _faults(s: dict) -> list[str]:
    """What is wrong with one landed segment."""
    where = f"{s['stream']} segment {s['segment']} (sequence {s['first_seq']} to {s['last_seq']})"
    found = []
    if s["segment"] != s["segment_before"] + 1 or s["first_seq"] != s["last_before"] + 1:
        found.append(
            f"{where} follows segment {s['segment_before']}, which ended at {s['last_before']}; numbers are missing or doubled."
        )
    if s["records"] != s["last_seq"] - s["first_seq"] + 1 or s["records"] != s["accepted"] + s["refused"]:
        found.append(f"{where} counts {s['records']} records in the ledger, {s['accepted']} readable and {s['refused']} refused.")
    if s["rows"] != s["accepted"] or s["dead"] != s["refused"]:
        there = f"bronze holds {s['rows']} of {s['accepted']} readable records"
        found.append(f"{where}: {there}, {s['dead']} of {s['refused']} are dead letters.")
    if s["rows"] != s["numbers"] or s["lowest"] < s["first_seq"] or s["highest"] > s["last_seq"]:
        found.append(f"{where}: bronze holds {s['rows']} rows under {s['numbers']} numbers from {s['lowest']} to {s['highest']}.")
    return [" ".join(found)] if found else []
