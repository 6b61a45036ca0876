"""Release readings that were kept without contract, once a source takes them: from the kept segments into bronze.

A reading waits for the source that its topic named, or for one that lists its HJ 212 system type. Its letter stays as the
record of how it came; its row in bronze carries the name of its stream with `/released`, its segment and sequence number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from ingestion.streaming import landing, ledger
from lakehouse import outcomes, tables
from lakehouse.contracts import Source, contracts
from quality.accounts.streams import RELEASED

_KEPT = """
create temp table kept as
with lines as (
    select * from read_json($files, format = 'newline_delimited', filename = true, maximum_object_size = 8388608,
        columns = {segment: 'STRUCT(data_origin VARCHAR)', record_id: 'VARCHAR', seq: 'BIGINT', stream: 'VARCHAR',
                   observed_at: 'VARCHAR', received_at: 'VARCHAR', payload: 'JSON', raw: 'VARCHAR',
                   raw_encoding: 'VARCHAR', state: 'VARCHAR'})),
readings as (
    select *, json_extract_string(payload, '$.meta.topic_source') as topic, json_extract_string(payload, '$.meta.st') as st,
           try_cast(observed_at as timestamptz) as observed
    from lines where state = 'no_contract')
select r.*, h.segment.data_origin as origin, t.source as target,
       case when r.payload is null then 'a collector that can read them, then sent again'
            when r.observed is null then 'a time of observation, so sent again'
            when r.topic is not null then 'a source named ' || r.topic
            else 'a source that lists the system type ' || coalesce(r.st, '(none)') end as waits_for
from readings r join lines h on h.filename = r.filename and h.segment is not null
left join takers t on r.observed is not null and ((t.topic = r.topic) or (r.topic is null and t.st = r.st))
"""
_BRONZE = """
select record_id as _record_id, target as _source_code, stream || $released as _stream_id, seq as _seq_no,
       regexp_extract(filename, '([0-9]+)[.]jsonl$', 1)::bigint as _segment, observed as _observed_at,
       try_cast(received_at as timestamptz) as _received_at, $now::timestamptz as _ingested_at,
       $version as _contract_version, coalesce(origin, $origin) as _data_origin, payload::varchar as payload,
       case raw_encoding when 'base64' then 'base64:' || raw else raw end as raw
from kept where target = $target
"""


@dataclass(frozen=True)
class Pass:
    """What one pass did: rows released to each source, what the other readings wait for, segments that are gone."""

    released: dict[str, int]
    waiting: dict[str, int]
    gone: list[str]


def release() -> Pass:
    """Bring every kept reading that a source takes by now to the source's bronze table, exactly once.

    A row that is there already is known by stream and sequence number. One lander works at a time and each table gets
    one commit, so a process killed anywhere is followed by one that releases the rest.
    """
    with landing.one_lander(), duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        files, gone = _segments()
        if not files:
            return Pass({}, {}, gone)
        connection.register("takers", _takers())
        connection.execute(_KEPT, {"files": files})
        counted = "select waits_for, count(*) from kept where target is null group by 1 order by 1"
        waiting = dict(connection.execute(counted).fetchall())
        targets = connection.execute("select distinct target from kept where target is not null order by 1").fetchall()
        released = {name: _release_to(connection, contracts().sources[name]) for (name,) in targets}
    return Pass({name: rows for name, rows in released.items() if rows}, waiting, gone)


def _segments() -> tuple[list[str], list[str]]:
    """Kept segment files that hold readings without contract, and those that are no longer there."""
    if not tables.exists(ledger.TABLE):
        return [], []
    query = f"select collector_id, source_code, segment from {ledger.TABLE} where no_contract > 0 order by all"
    found = [landing.kept(*row) for row in tables.duck(ledger.TABLE).execute(query).fetchall()]
    return [str(f) for f in found if f.exists()], [str(f) for f in found if not f.exists()]


def _takers() -> pa.Table:
    """Which source takes what a topic named, or an HJ 212 system type."""
    rows = [row for source in contracts().sources.values() for row in _taken_by(source)]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("source", "topic", "st")]))


def _taken_by(source: Source) -> Iterator[dict[str, str]]:
    if source.kind == "edge" and source.bronze == source.source:
        yield {"source": source.source, "topic": source.source}
        yield from ({"source": source.source, "st": st} for st in source.system_types)


def _release_to(connection: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Rows that were not there yet."""
    query = _BRONZE
    if tables.exists(source.bronze_table):
        tables.attach(connection, [source.bronze_table])
        query = f"select n.* from ({_BRONZE}) n anti join {source.bronze_table} using (_stream_id, _seq_no)"
    names = {
        "target": source.source,
        "released": RELEASED,
        "now": datetime.now(UTC),
        "version": contracts()[source.feeds].version,
        "origin": source.origin,
    }
    rows = connection.sql(query, params=names).to_arrow_table()
    if rows.num_rows:
        with outcomes.step("bronze", source.source, {"released": rows.num_rows}) as outcome:
            tables.append(source.bronze_table, rows)
            outcome.rows_in = outcome.rows_out = outcome.accepted = rows.num_rows
    return rows.num_rows
