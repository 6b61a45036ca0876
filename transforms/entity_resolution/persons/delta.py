"""The population register after a delta: persons and households that it touches are computed, all others stay as they are."""

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from transforms.entity_resolution import review, saving, touched
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
    if found is None or registration.look_around(base, "stored") != registration.look_around(base, "told"):
        return None
    by_day.touch_by_day(base, present, changed.built.day, found.on)
    touched.scope(base)
    made = register.of_members(base, present, found.on)
    for name, dataset in STORED.items():
        base.execute(f"create view stored_{name} as {tables.scan(base, f'silver.{dataset}')}")
    tables_of_households = households.households_of_touched(base)
    between = _between(base, kind, found)
    return _saved(base, kind, found, made, tables_of_households, between)


def _between(base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked) -> tuple[pa.Table, pa.Table]:
    """Scored pairs, and conflicts between entities, with those that former runs found."""
    pairs = saving.former(f"match_pairs__{kind.name}")
    stood = saving.former(f"conflict__{kind.name}").filter(pc.field("rule") == review.BETWEEN_ENTITIES)
    stood = stood.select(["mention_id", "other_mention_id"]).rename_columns(touched.SIDES)
    links = touched.of_pairs(base, "members_now", found.pairs, found.conflicts, pairs, stood)
    said = touched.of_pairs(base, "told", found.conflicts, stood)
    return review.pairs_of(kind.name, found, links), review.conflicts_of(kind.name, found, said, "citizen_no", links)


def _saved(
    base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked, made: register.Said, of_households: tuple[pa.Table, pa.Table],
    between: tuple[pa.Table, pa.Table],
) -> dict[str, Any]:  # fmt: skip
    """Write ids, then all that differs; rows by table."""
    relinked, ids = (base.sql(f"from {name}").to_arrow_table() for name in ("relinked", "touched"))
    saving.save_ids(kind.name, found, relinked)
    people = ids.rename_columns(["person_id"])
    stood = base.sql("select * from stored_persons semi join touched on person_id = entity_id").to_arrow_table()
    schema = saving.schema_of("entity__persons")
    persons = register.with_former(made.persons, stood.select(schema.names).cast(schema), found.on)
    rows = saving.save({"match_pairs__persons": between[0]})
    for dataset, (keys, fresh) in {
        "mentions__persons": touched.rewritten(base),
        "conflict__persons": touched.conflicts(ids, made.conflicts, between[1], saving.former("conflict__persons")),
        "lifecycle__persons": (people, made.events),
        "entity__households": of_households,
        "bridge__person_household": (people, made.memberships),
        "bridge__person_residence": (people, made.residences),
        "entity__persons": (people, persons),
    }.items():
        rows[dataset] = saving.merge(dataset, keys, fresh)
    (held,) = base.sql("select count(*) from told anti join members_now using (mention_id)").fetchall()[0]
    return rows | {"held": held, "is_full": False, "touched": ids.num_rows, "day": found.on}
