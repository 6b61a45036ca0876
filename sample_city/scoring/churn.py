"""Ids that changed between two states of a register although no event of the identity log says so."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from lakehouse import tables
from quality.linkage import scores
from sample_city.scoring.joined import first

_CHANGED = """
with old as (select mention_id, entity_id from earlier where valid_to is null),
new as (select mention_id, entity_id from silver.xref__{0} where valid_to is null),
logged as (select unnest(string_split(from_ids, ',')) as entity_id from silver.identity_log__{0}
           where event in ('MERGE', 'SPLIT', 'REVIVE', 'RETIRE') and event_no > $last),
moved as (select distinct old.entity_id from old join new using (mention_id) where old.entity_id <> new.entity_id)
select (select count(distinct entity_id) from old), count(*) from moved anti join logged using (entity_id)
"""


def score(kind: str, table: str) -> Iterator[dict[str, Any]]:
    """Share of entities whose id changed since the last scoring without an event that was logged since; nothing for the first
    scoring, or where upkeep has cleared that version of the tables away."""
    xref, log = f"silver.xref__{table}", f"silver.identity_log__{table}"
    before = {name: _scored_version(name) for name in (xref, log)}
    if None in before.values():
        return
    try:
        earlier = tables.read(xref, ["mention_id", "entity_id", "valid_to"], before[xref])
        last = pc.max(tables.read(log, ["event_no"], before[log])["event_no"]).as_py()
    except (LookupError, OSError):
        return
    with tables.duck(xref, log) as connection:
        connection.register("earlier", earlier)
        entities, changed = first(connection, _CHANGED.format(table), {"last": last or 0})
    yield {"kind": kind, "measure": "id_churn", "value": changed / max(entities, 1), "n": entities}


def _scored_version(name: str) -> int | None:
    """Version of a table that the last scoring looked at."""
    seen = [json.loads(run[0]["table_versions"]).get(name) for run in scores.runs()[-1:]]
    return seen[0] if seen and tables.exists(name) else None
