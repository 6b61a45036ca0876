"""Record lines of sealed segments as Arrow tables: bronze rows, dead letters, and the ledger's counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import duckdb
import pyarrow as pa

from ingestion.streaming.segment import Refused, Segment

_MEMORY = "256MB"
_LINES = """
create or replace temp table landed as
select r.record_id, r.seq, r.stream, r.payload::varchar as payload, r.raw, r.raw_encoding,
       try_cast(r.observed_at as timestamptz) as observed_at, try_cast(r.received_at as timestamptz) as received_at,
       r.state = 'ok' and try_cast(r.observed_at as timestamptz) is null as untimed,
       if(untimed, 'dead_letter', r.state) as state,
       if(untimed, format($untimed, coalesce(r.observed_at, 'nothing')), r.reason) as reason,
       s.number, s.contract_version, s.data_origin
from read_json($files, format = 'newline_delimited', filename = true, maximum_object_size = 8388608,
     columns = {record_id: 'VARCHAR', seq: 'BIGINT', stream: 'VARCHAR', observed_at: 'VARCHAR',
                received_at: 'VARCHAR', payload: 'JSON', raw: 'VARCHAR', raw_encoding: 'VARCHAR',
                state: 'VARCHAR', reason: 'VARCHAR'}) as r
join (select unnest($files) as file, unnest($numbers) as number, unnest($versions) as contract_version,
             unnest($origins) as data_origin) as s on s.file = r.filename
where r.record_id is not null
"""
_UNTIMED = (
    "The record says {} as its time of observation (observed_at), which is no instant, so it belongs to no hour;"
    " have the device or its collector send the time, then the reading again."
)
_COUNTS = """
select number, count(*) as records, min(seq) as first_seq, max(seq) as last_seq, count(distinct seq) as distinct_seq,
       count(*) filter (state = 'ok') as accepted, count(*) filter (state = 'dead_letter') as dead_letter,
       count(*) filter (state = 'no_contract') as no_contract,
       count(*) filter (stream <> $stream or not regexp_full_match(record_id, '[0-9a-f]{32}')
                        or received_at is null or (state = 'ok' and payload is null)) as misshapen
from landed group by number order by number
"""
_BRONZE = """
select record_id as _record_id, $source as _source_code, stream as _stream_id, seq as _seq_no, number as _segment,
       observed_at as _observed_at, received_at as _received_at, $now as _ingested_at,
       contract_version as _contract_version, data_origin as _data_origin, payload,
       case raw_encoding when 'base64' then 'base64:' || raw else raw end as raw
from landed where state = 'ok' and number > $after order by seq
"""
_DEAD_LETTERS = """
select record_id as _record_id, $source as _source_code,
       stream || '/' || format('{:012d}', number) as _delivery_id,
       case state when 'no_contract' then 'no contract: ' || reason || $later else reason end as reason,
       case raw_encoding when 'base64' then 'base64:' || raw else coalesce(nullif(raw, ''), payload) end as payload,
       received_at as _received_at
from landed where state <> 'ok' and number > $after order by seq
"""


_LATER = " When a source takes them, `lake land release` brings them to bronze."


@dataclass(frozen=True)
class SegmentCounts:
    """How many records of one segment went where."""

    number: int
    records: int
    first_seq: int
    last_seq: int
    accepted: int
    dead_letter: int
    no_contract: int


class SegmentRows:
    """The rows of consecutive segments of one stream, read once; valid until the next segments are read."""

    def __init__(self, segments: Sequence[Segment], origin: str):
        """`origin`: data origin of segments whose header names none. Raises Refused when lines and trailer differ."""
        self.segments = segments
        self._duck = _connection()
        names = {
            "files": [str(s.path) for s in segments],
            "numbers": [s.number for s in segments],
            "versions": [s.contract_version for s in segments],
            "origins": [s.data_origin or origin for s in segments],
            "untimed": _UNTIMED,
        }
        try:
            self._duck.execute(_LINES, names)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            which = f"Segments {segments[0].number} to {segments[-1].number}"
            raise Refused(f"{which} hold a line that is no record: {str(error).splitlines()[0][:200]}") from error
        self.counts = self._checked_counts()

    def bronze(self, after: int, now: datetime) -> pa.Table:
        """Readable records of segments numbered over `after`, in sequence order."""
        return self._select(_BRONZE, after=after, now=now)

    def dead_letters(self, after: int) -> pa.Table:
        """Refused records, and those without a contract, of segments numbered over `after`."""
        return self._select(_DEAD_LETTERS, after=after, later=_LATER)

    def _select(self, query: str, **values) -> pa.Table:
        values["source"] = self.segments[0].source
        return self._duck.sql(query, params=values).to_arrow_table()

    def _checked_counts(self) -> list[SegmentCounts]:
        stream = self.segments[0].stream
        rows = self._duck.execute(_COUNTS, {"stream": stream}).fetchall()
        names = [column[0] for column in self._duck.description]
        found = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
        return [_checked(segment, found.get(segment.number, {})) for segment in self.segments]


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY, "temp_directory": ""})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _checked(segment: Segment, found: dict[str, int]) -> SegmentCounts:
    where = f"{segment.stream} segment {segment.number}"
    trailer = {"records": segment.records, "first_seq": segment.first_seq, "last_seq": segment.last_seq}
    if any(found.get(name) != value for name, value in trailer.items()):
        raise Refused(f"{where} has not the records that its trailer counts.")
    if found["distinct_seq"] != segment.records:
        raise Refused(f"{where} repeats a sequence number.")
    if found["misshapen"] or found["accepted"] + found["dead_letter"] + found["no_contract"] != segment.records:
        raise Refused(f"{where} has records without id, time, payload or state, or of another stream.")
    kept = ("accepted", "dead_letter", "no_contract")
    return SegmentCounts(segment.number, **trailer, **{name: found[name] for name in kept})
