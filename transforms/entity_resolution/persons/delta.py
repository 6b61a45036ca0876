"""The population register after a delta: persons and households that it touches are computed, all others stay as they are."""

from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import tables
from transforms.entity_resolution import saving, touched
from transforms.entity_resolution.changes import Changes
from transforms.entity_resolution.linked import Kind, Linked
from transforms.entity_resolution.persons import by_day, households, mentions, register, registration

STORED = {"memberships": "bridge__person_household", "households": "entity__households", "persons": "entity__persons"}


def build(
    base: duckdb.DuckDBPyConnection, kind: Kind, changed: Changes, present: set[str], places: pa.Table | None
) -> dict[str, Any] | None:
    """Rows by table and what else the outcome tells; None where everybody is concerned: nothing was linked before under these
    rules, or a new full extract or list of the floating population came."""
    touched.show(base, kind, changed)
    mentions.build(base, present, places, "records")
    base.execute("alter table mentions rename to fresh_mentions")
    found = touched.relink(base, kind, lambda asked: mentions.compared(base, asked, "told"), changed)
    if found is None or registration.look_around(base, "stored") != registration.look_around(base, "outline"):
        return None
    by_day.touch_by_day(base, present, changed.built.day, found.on)
    touched.scope(base)
    made = register.of_members(base, present, found.on)
    for name, dataset in STORED.items():
        base.execute(f"create view stored_{name} as {tables.scan(base, f'silver.{dataset}')}")
    return _saved(base, kind, found, made, households.households_of_touched(base))


def _saved(
    base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked, made: register.Said, of_households: tuple[pa.Table, pa.Table]
) -> dict[str, Any]:
    """Write ids, then all that differs; rows by table."""
    pairs, between = touched.between(base, kind, found, "citizen_no")
    stood = base.sql("select * from stored_persons semi join touched on person_id = entity_id").to_arrow_table()
    schema = saving.schema_of("entity__persons")
    golden = register.with_former(made.persons, stood.select(schema.names).cast(schema), found.on)
    own = base.sql("select entity_id as person_id from touched").to_arrow_table()
    return touched.saved(base, kind, found, (pairs, made.conflicts, between), {
        "lifecycle__persons": (own, made.events),
        "entity__households": of_households,
        "bridge__person_household": (own, made.memberships),
        "bridge__person_residence": (own, made.residences),
        "entity__persons": (own, golden),
    })  # fmt: skip
