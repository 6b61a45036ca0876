"""Which id each cluster of records bears: former ids first, new ones only for what is new.

Per cluster and id the evidence is a record that the id held before (`direct`), or, where none of its records is left
or the id is retired, a record of the same source and key (`by key`: the source has corrected its row). The anchor is
an id's first record: where an id's records now lie in several clusters, the one with the anchor keeps the id; records
that were withdrawn and return count behind those that stayed (`is_current`). Neither
clock nor order of arrival decides: the same records, clusters and log give the same ids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from transforms.entity_resolution import identity_log
from transforms.entity_resolution.mint import body_of, mint

EVIDENCE = """
create table cluster_anchor as
  select cluster, arg_min(mention_id, place) as mention_id, arg_min(source_code, place) as source_code,
         arg_min(source_key, place) as source_key, min(place) as place
  from (select *, row(coalesce(as_of, date '9999-12-31'), source_code, source_key, mention_id) as place from clusters)
  group by cluster;
create table held as
  select s.root_id, c.cluster, bool_or(c.mention_id = r.anchor) as has_anchor, bool_or(f.is_current) as is_current,
         min(row(coalesce(c.as_of, date '9999-12-31'), c.source_code, c.source_key, c.mention_id)) as place
  from clusters c join former f using (mention_id) join standing s on s.entity_id = f.entity_id
       join standing r on r.entity_id = s.root_id
  group by s.root_id, c.cluster;
create table lost as
  select entity_id as root_id from standing where entity_id = root_id and entity_id not in (select root_id from held);
create table lost_keys as
  select f.source_code, f.source_key, min(s.root_id) as root_id from former f join standing s using (entity_id)
  where (f.source_code, f.source_key) in
        (select (f.source_code, f.source_key) from former f join standing s using (entity_id) where s.root_id in (from lost))
  group by 1, 2 having count(distinct s.root_id) = 1;
create table claims as
  select root_id, arg_min(cluster, row(not is_current, not has_anchor, place)) as cluster, false as by_key
  from held group by root_id
  union all
  select k.root_id, arg_min(c.cluster, row(a.place, c.cluster)), true
  from clusters c join lost_keys k using (source_code, source_key) join cluster_anchor a using (cluster)
  where k.root_id in (from lost) group by k.root_id;
create table ranked as
  select c.*, s.is_retired, row_number() over (partition by cluster order by s.is_retired, c.by_key, s.minted_no) as rank
  from claims c join standing s on s.entity_id = c.root_id;
"""
MERGED = """
select l.root_id, w.root_id from ranked l join ranked w on w.cluster = l.cluster and w.rank = 1
where l.rank > 1 and not (l.by_key and l.is_retired) order by l.root_id
"""
REVIVED = "select root_id from ranked where rank = 1 and is_retired order by root_id"
RETIRED = """
select lost.root_id from lost join standing s on s.entity_id = lost.root_id
where not s.is_retired and lost.root_id not in (select root_id from claims) order by 1
"""
UNCLAIMED = """
select a.cluster, a.source_code, a.source_key, a.mention_id, (select list(distinct h.root_id order by h.root_id)
       from held h where h.cluster = a.cluster) as former_ids
from cluster_anchor a where a.cluster not in (select cluster from ranked) order by a.place
"""
ALIASES = """
select c.cluster, arg_min(s.entity_id, s.minted_no) from standing s join clusters c on c.mention_id = s.anchor
where s.root_id <> s.entity_id and c.cluster not in (select cluster from ranked)
  and s.root_id in (select h.root_id from held h where h.cluster = c.cluster) group by c.cluster
"""


@dataclass(frozen=True)
class Assignment:
    """`links`: mention_id, entity_id, one row per record. `events`: what is new for the identity log."""

    links: pa.Table
    events: pa.Table


@dataclass(frozen=True)
class Occasion:
    """Whose ids, under which key they are minted, the day that the data tell, and who decides (the rules' version)."""

    kind: str
    key: bytes
    on: date
    decided_by: str


def assign(clusters: pa.Table, former: pa.Table, log: pa.Table, occasion: Occasion, among: pa.Array | None = None) -> Assignment:
    """Ids for clusters (mention_id, cluster, source_code, source_key, as_of), given the last known link of each record
    (`former`: mention_id, source_code, source_key, entity_id, is_current) and the identity log.

    `among`: the ids that are in question, where clusters and links are given only as far as they concern these; None: all.
    Raises ValueError when a record stands in two clusters.
    """
    with duckdb.connect() as base:
        base.register("clusters", clusters)
        base.register("former", former)
        standing = identity_log.standing(log)
        base.register("standing", standing if among is None else standing.filter(pc.is_in(standing["root_id"], value_set=among)))
        _refuse_doubles(base)
        base.execute(EVIDENCE)
        rows = _changes(base, occasion) + _new_ids(base, log, occasion)
        links = base.sql("select c.mention_id, g.entity_id from clusters c join given g using (cluster)").to_arrow_table()
    return Assignment(links, identity_log.numbered(rows, identity_log.last_number(log)))


def _changes(base: duckdb.DuckDBPyConnection, occasion: Occasion) -> list[dict[str, Any]]:
    """What happens to ids that exist: merged, come back, left without a record."""
    event = _events(occasion)
    merged = [event("MERGE", lost, [kept, lost], [kept], None, "data_correction") for lost, kept in _all(base, MERGED)]
    revived = [event("REVIVE", one, [], [one], None, "record_returned") for (one,) in _all(base, REVIVED)]
    retired = [event("RETIRE", one, [one], [], None, "all_sources_withdrew") for (one,) in _all(base, RETIRED)]
    return merged + revived + retired


def _new_ids(base: duckdb.DuckDBPyConnection, log: pa.Table, occasion: Occasion) -> list[dict[str, Any]]:
    """Ids for clusters that no id claims: an alias whose anchor split off lives again, all others are minted.

    Leaves the table `given` (cluster, entity_id) for all clusters.
    """
    event, rows = _events(occasion), []
    unclaimed, aliases = _all(base, UNCLAIMED), dict(_all(base, ALIASES))
    anchors = [(source, key) for cluster, source, key, *_ in unclaimed if cluster not in aliases]
    taken = {
        body_of(i) for e, i in zip(log["event"].to_pylist(), log["entity_id"].to_pylist(), strict=True) if e in ("MINT", "SPLIT")
    }
    minted = iter(mint(occasion.kind, anchors, taken, occasion.key))
    given = [aliases.get(cluster) or next(minted) for cluster, *_ in unclaimed]
    for (*_, mention, former), entity in zip(unclaimed, given, strict=True):
        if former:
            rows.append(event("SPLIT", entity, former, [*former, entity], mention, "data_correction"))
        else:
            rows.append(event("MINT", entity, [], [entity], mention, "first_record"))
    numbers = pa.array([cluster for cluster, *_ in unclaimed], pa.int64())
    base.register("fresh", pa.table({"cluster": numbers, "entity_id": pa.array(given, pa.string())}))
    base.execute("create table given as select cluster, root_id as entity_id from ranked where rank = 1 union all from fresh")
    return rows


def _events(occasion: Occasion) -> Callable[..., dict[str, Any]]:
    return lambda *said: identity_log.row(*said, occasion.decided_by, occasion.on)


def _all(base: duckdb.DuckDBPyConnection, question: str) -> list[tuple]:
    return base.execute(question).fetchall()


def _refuse_doubles(base: duckdb.DuckDBPyConnection) -> None:
    twice = base.execute("select mention_id from clusters group by mention_id having count(*) > 1 limit 1").fetchone()
    if twice:
        raise ValueError(f"Record {twice[0]} stands in two clusters or twice in one; linkage must give each record one place.")
