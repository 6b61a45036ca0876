"""Ids that changed between two states of a register although no event of the identity log says so."""

import json
from collections.abc import Iterator
from typing import Any

from lakehouse import tables
from quality.linkage import scores
from sample_city.scoring.joined import first

_CHANGED = """
with old as (select mention_id, entity_id from earlier where valid_to is null),
new as (select mention_id, entity_id from silver.xref__{0} where valid_to is null),
logged as (select unnest(from_ids) as entity_id from silver.identity_log__{0}
           where event in ('MERGE', 'SPLIT', 'REVIVE', 'RETIRE')),
moved as (select distinct old.entity_id from old join new using (mention_id) where old.entity_id <> new.entity_id)
select (select count(distinct entity_id) from old), count(*) from moved anti join logged using (entity_id)
"""


def score(kind: str, table: str) -> Iterator[dict[str, Any]]:
    """Share of entities whose id changed without a logged event since the version that the last scoring saw; nothing for the
    first scoring, or where that version has been cleared away."""
    xref, log = f"silver.xref__{table}", f"silver.identity_log__{table}"
    before = _scored_version(xref)
    if before is None or not tables.exists(log):
        return
    with tables.duck(xref, log) as connection:
        try:
            connection.register("earlier", tables.read(xref, version=before))
        except (LookupError, OSError):
            return
        entities, changed = first(connection, _CHANGED.format(table))
    yield {"kind": kind, "measure": "id_churn", "value": changed / max(entities, 1), "n": entities}


def _scored_version(name: str) -> int | None:
    """Version of a table that the last scoring looked at."""
    seen = [json.loads(run[0]["table_versions"]).get(name) for run in scores.runs()[-1:]]
    return seen[0] if seen and tables.exists(name) else None
