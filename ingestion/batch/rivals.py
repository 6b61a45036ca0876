"""Rows of a delivery that speak of a station and time of which another delivery or source speaks too: which count.

The rule is that of silver: source rank, declared revision, record id. No order of arrival takes part, so a correction
without a higher revision is told here that it may lose.
"""

from typing import Any

import pyarrow as pa

from ingestion.batch.delivery import Delivery
from lakehouse import reference, tables
from lakehouse.contracts import Source, contracts

_OF_THE_SOURCE = """
with others as (
    select {station} as station, _observed_at as instant,
           max({{'revision': _revision, 'record': _record_id, 'delivery': _delivery_id}}) as best
    from {bronze}
    where _delivery_id <> $delivery and _observed_at between (select min(instant) from mine) and (select max(instant) from mine)
    group by all),
met as (
    select best.revision as revision, best.delivery as delivery, row_no,
           best.revision > $revision or best.record > record as loses
    from mine join others using (station, instant) where best.revision >= $revision and best.record <> record)
select count(*) as rows, count(*) filter (loses) as lost, max(revision) as revision, min(row_no) as row_no,
       arg_min(delivery, row_no) as delivery
from met group by revision > $revision order by all
"""
_OF_ITSELF = """
select count(*) as keys, min(first), arg_min(second, first) from (
    select min(row_no) as first, min(row_no) filter (record <> head) as second
    from (select *, arg_min(record, row_no) over (partition by station, instant) as head from mine)
    group by station, instant having count(distinct record) > 1)
having count(*) > 0
"""
_OF_OTHERS = """
select _source_code as source, count(distinct row_no) as rows
from {silver} join mine on station_id = own_station and observed_at = instant
where _source_code in (select unnest($sources)) and {same_period} group by all order by all
"""


def notes(rows: pa.Table, source: Source, delivery: Delivery) -> list[str]:
    """Sentences on the landed rows (bronze columns) that lose, or win by chance only; none when there are no rivals."""
    if not rows.num_rows:
        return []
    station = f'"{source.station.column}"' if source.station.column else f"'{source.station.constant}'"
    silver = contracts()[source.feeds].table
    known = [name for name in (source.bronze_table, silver) if tables.exists(name)]
    with tables.duck(*known) as connection:
        connection.register("delivered", rows)
        connection.register("stations", _stations(source))
        connection.execute(
            f"create temp table mine as select {station} as station, station_id as own_station, _observed_at as instant,"
            f" _row_no as row_no, _record_id as record from delivered left join stations on code = {station}"
        )
        told = [_itself(*row) for row in connection.execute(_OF_ITSELF).fetchall()]
        if source.bronze_table in known:
            own = {"delivery": delivery.delivery_id, "revision": delivery.revision}
            query = _OF_THE_SOURCE.format(station=station, bronze=source.bronze_table)
            found = connection.sql(query, params=own).to_arrow_table().to_pylist()
            told += [_lower(one, delivery) if one["revision"] > delivery.revision else _equal(one) for one in found]
        before = [s.source for s in contracts().feeding(source.feeds) if s.rank > source.rank]
        if silver in known and before:
            period = f"period = '{source.constants['period']}'" if "period" in source.constants else "true"
            query = _OF_OTHERS.format(silver=silver, same_period=period)
            told += [_outranked(*one) for one in connection.execute(query, {"sources": before}).fetchall()]
    return told


def _stations(source: Source) -> pa.Table:
    known = reference.lookup_station(source.station.issuer)
    return pa.table({"code": pa.array(list(known), pa.string()), "station_id": pa.array(list(known.values()), pa.string())})


def _itself(keys: int, first: int, second: int) -> str:
    return (
        f"{keys} stations and times stand in this file more than once with different values (first in rows {first} and {second});"
        " of each only the row with the larger record id reaches silver. Send each once."
    )


def _equal(found: dict[str, Any]) -> str:
    return (
        f"{found['rows']} rows (the first is row {found['row_no']}) differ from delivery {found['delivery']}, which speaks of the"
        f" same stations and times in the same revision {found['revision']}. Of equal revisions the larger record id counts,"
        f" whatever came last: {found['lost']} of these rows will not reach silver. If this file corrects the other, deliver it"
        f" again with --revision {found['revision'] + 1}."
    )


def _lower(found: dict[str, Any], delivery: Delivery) -> str:
    return (
        f"{found['rows']} rows (the first is row {found['row_no']}) will not reach silver: for the same stations and times"
        f" delivery {found['delivery']} declared revision {found['revision']}, this one {delivery.revision}. If this file is the"
        f" newer, deliver it again with --revision {found['revision'] + 1}."
    )


def _outranked(source: str, rows: int) -> str:
    return (
        f"{rows} rows speak of stations and times that silver has from {source}, which ranks before this source: of what both"
        " give, only the other's values count, so have them corrected there."
    )
