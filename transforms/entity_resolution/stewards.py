"""Stewards' decisions on entities, kept beside those on held rows: what is one entity, what is not, which value holds.

A decision names records, not ids, so that it means the same after any re-link. Merges and splits hold until taken back;
values expire, since the sources may have been put right by then.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

import duckdb
import pyarrow as pa

from lakehouse.settings import settings
from quality import decisions
from transforms.entity_resolution.survivorship import DECIDED

MERGE, SPLIT, VALUE = "merge", "split", "value"
VALUE_DAYS = 365
PAIRS = pa.schema([("left_id", pa.string()), ("right_id", pa.string()), ("is_same", pa.bool_())])
APPLIED = """
with cut as (
  select l.mention_id, min(l.decision) as decision from leaving l join clusters c using (mention_id)
  join clusters a on a.mention_id = l.anchor and a.cluster = c.cluster where l.mention_id <> l.anchor group by l.mention_id)
select c.mention_id, dense_rank() over (order by c.cluster, coalesce(x.decision, '')) - 1 as cluster
from clusters c left join cut x using (mention_id)
"""


def dataset(kind: str) -> str:
    return f"entity__{kind}"


def in_force(kind: str) -> dict[str, decisions.Decision]:
    """Decisions that count, by what they are about."""
    return decisions.in_force(dataset(kind))


def decide(
    kind: str, about: str, what: str, reason: str, changes: Mapping[str, object], by: str | None = None
) -> decisions.Decision:
    """Record a decision under the name `by`, else the operating system's user. Raises ValueError without a reason."""
    today = datetime.combine(settings().as_of_time().date(), time(), settings().as_of_time().tzinfo)
    until = today + timedelta(VALUE_DAYS) if what == VALUE else None
    return decisions.decide(dataset(kind), about, what, reason, today, dict(changes), until, by)


def undo(kind: str, about: str, reason: str, by: str | None = None) -> decisions.Decision:
    """Take the last decision back. Raises LookupError when there is none in force."""
    if about not in (standing := in_force(kind)):
        offer = ", ".join(sorted(standing)) or "there is none at all"
        raise LookupError(f"No decision on {about} is in force; {offer}.")
    return decide(kind, about, "undo", reason, {}, by)


def merged_pairs(kind: str) -> pa.Table:
    """left_id, right_id, is_same of the merges in force, as linkage takes them."""
    made = [d.changes for d in in_force(kind).values() if d.kind == MERGE]
    return pa.Table.from_pylist([{"left_id": c["left"], "right_id": c["right"], "is_same": True} for c in made], PAIRS)


def part(kind: str, clusters: pa.Table) -> pa.Table:
    """Clusters (mention_id, cluster) with the merges and splits in force carried out: records that a steward took out of an
    entity leave the cluster of its anchor together, where linkage has put them back."""
    standing = sorted(in_force(kind).items())
    leaving = [
        {"mention_id": record, "anchor": d.changes["anchor"], "decision": about}
        for about, d in standing if d.kind == SPLIT for record in d.changes["records"]
    ]  # fmt: skip
    schema = pa.schema([("mention_id", pa.string()), ("anchor", pa.string()), ("decision", pa.string())])
    with duckdb.connect() as base:
        base.register("clusters", _joined(clusters, merged_pairs(kind)))
        base.register("leaving", pa.Table.from_pylist(leaving, schema))
        return base.sql(APPLIED).to_arrow_table()


def _joined(clusters: pa.Table, pairs: pa.Table) -> pa.Table:
    """One number for all clusters that merges bind together."""
    if not pairs.num_rows:
        return clusters.select(["mention_id", "cluster"])
    bound = duckdb.sql(
        "select l.cluster as a, r.cluster as b from pairs p join clusters l on l.mention_id = p.left_id "
        "join clusters r on r.mention_id = p.right_id"
    ).fetchall()
    lead: dict[int, int] = {}
    for a, b in bound:
        first, second = sorted((_lead(a, lead), _lead(b, lead)))
        lead[second] = first
    renamed = pa.table({"old": pa.array(list(lead), pa.int64()), "new": pa.array([_lead(n, lead) for n in lead], pa.int64())})
    return duckdb.sql(
        "select c.mention_id, coalesce(r.new, c.cluster) as cluster from clusters c left join renamed r on r.old = c.cluster"
    ).to_arrow_table() if renamed.num_rows else clusters.select(["mention_id", "cluster"])  # fmt: skip


def _lead(number: int, lead: dict[int, int]) -> int:
    while lead.get(number, number) != number:
        number = lead[number]
    return number


def values(kind: str) -> pa.Table:
    """entity_id, attribute, value that stewards gave and that still hold."""
    made = [d.changes for d in in_force(kind).values() if d.kind == VALUE]
    rows = [{name: str(change[name]) for name in DECIDED.names} for change in made]
    return pa.Table.from_pylist(rows, DECIDED)


def touched(kind: str, before: Mapping[str, str]) -> list[str]:
    """Records that decisions name which were made or taken back since the run that knew `before`."""
    changed = _changed(kind, before)
    named = [d.changes for d in decisions.history(dataset(kind)) if d.hold_id in changed and d.kind in (MERGE, SPLIT)]
    alone = (c[side] for c in named for side in ("left", "right", "anchor") if side in c)
    return sorted({*alone, *(record for c in named for record in c.get("records", ()))})


def revalued(kind: str, before: Mapping[str, str]) -> list[str]:
    """Ids of the entities of which a value was decided, or a decision taken back, since the run that knew `before`."""
    changed = _changed(kind, before)
    return sorted({d.changes["entity_id"] for d in decisions.history(dataset(kind)) if d.hold_id in changed and d.kind == VALUE})


def _changed(kind: str, before: Mapping[str, str]) -> set[str]:
    now = marks(kind)
    return {about for about in before.keys() | now.keys() if before.get(about) != now.get(about)}


def marks(kind: str) -> dict[str, str]:
    """What is in force -> when it was decided: a plan that differs in it has work."""
    return {about: d.decided_at.isoformat() for about, d in in_force(kind).items()}
