"""The population register from silver: mentions, persons with ids, golden records, households, residences, events of life."""

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import rmtree
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from transforms.entity_resolution import changes, review, saving
from transforms.entity_resolution.linked import Kind, Linked, relink
from transforms.entity_resolution.persons import delta, households, mentions, register, registration
from transforms.entity_resolution.persons.departments import DATASETS

KIND = Kind(
    "persons",
    grounds="is_number_valid or (name is not null and birth_date is not null)",
    outline=("citizen_no", "status_code", "division_sent", "division_code"),
)
PLACES = "silver.xref__addresses"
TABLES = (
    "xref__persons", "mentions__persons", "match_pairs__persons", "conflict__persons", "lifecycle__persons",
    "entity__households", "bridge__person_household", "bridge__person_residence", "entity__persons",
)  # fmt: skip


def run(work: dict[str, Any]) -> None:
    """Build the register from the table versions that the plan names. Every mention is linked or held.

    Where it can be told what changed since the last run, only the persons whom that touches are computed.
    """
    inputs = work["inputs"]
    with outcomes.step("registers", KIND.name, inputs) as outcome:
        saving.finish(KIND.name)
        changed = None if work["is_full"] else changes.since_built(KIND.name, inputs, DATASETS)
        counts = _of_touched(inputs, changed) if changed else None
        if counts is None:
            counts = _of_all(inputs, work["is_full"])
        changes.note(KIND.name, inputs, [f"silver.{name}" for name in TABLES], counts["day"])
        outcome.rows_in, outcome.rows_out = counts["mentions__persons"], counts["entity__persons"]
        outcome.accepted = outcome.rows_in - counts["held"]
        outcome.detail = counts | {"day": str(counts["day"])}


def _of_touched(inputs: dict[str, Any], changed: changes.Changes) -> dict[str, Any] | None:
    with _lake(inputs) as base:
        return delta.build(base, KIND, changed, _present(inputs), _places(inputs))


def _of_all(inputs: dict[str, Any], is_full: bool) -> dict[str, Any]:
    """Build all tables anew; rows by table."""
    with _lake(inputs) as base:
        present = _present(inputs)
        mentions.build(base, present, _places(inputs))
        said = base.sql("from mentions order by mention_id").to_arrow_table()
        found = relink(KIND, said, lambda asked: mentions.compared(base, asked), is_full)
        made = _register(base, said, found, present)
    saving.save_ids(KIND.name, found)
    rows = saving.save(made)
    return rows | {"held": said.num_rows - found.links.num_rows, "is_full": found.is_full, "day": found.on}


def _register(base: duckdb.DuckDBPyConnection, said: pa.Table, found: Linked, present: set[str]) -> dict[str, pa.Table]:
    """All tables but crosswalk and log, by dataset."""
    base.register("members", found.links)
    registration.look_around(base)
    made = register.of_members(base, present, found.on)
    between = review.conflicts_of(KIND.name, found, said, "citizen_no")
    return {
        "mentions__persons": saving.held_first(said.append_column("is_held", _is_held(base))),
        "match_pairs__persons": review.pairs_of(KIND.name, found),
        "conflict__persons": review.in_order([made.conflicts, between]),
        "lifecycle__persons": made.events,
        "entity__households": households.households(base),
        "bridge__person_household": made.memberships,
        "bridge__person_residence": made.residences,
        "entity__persons": register.with_former(made.persons, saving.former("entity__persons"), found.on),
    }


def _is_held(base: duckdb.DuckDBPyConnection) -> pa.Array:
    held = base.sql(
        "select l.entity_id is null as is_held from mentions m left join members l using (mention_id) order by mention_id"
    )
    return held.to_arrow_table()["is_held"]


def _present(inputs: dict[str, Any]) -> set[str]:
    return {d for d in DATASETS if f"silver.{d}" in inputs}


def _places(inputs: dict[str, Any]) -> pa.Table | None:
    return tables.read(PLACES, mentions.PLACES.names, inputs[PLACES]) if PLACES in inputs else None


@contextmanager
def _lake(inputs: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with each silver dataset as it was planned; local days; what spills is wiped."""
    spill = settings().data_home / "scratch" / "registers"
    spill.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as base:
        base.execute(f"set TimeZone = '{settings().business_zone}'; set temp_directory = '{spill}'")
        for name in DATASETS:
            if isinstance(version := inputs.get(f"silver.{name}"), int):
                base.execute(f'create view "{name}" as {tables.scan(base, f"silver.{name}", version)}')
        try:
            yield base
        finally:
            rmtree(spill, ignore_errors=True)
