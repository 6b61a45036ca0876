"""The population register from silver: mentions, persons with ids, golden records, households, residences, events of life."""

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import rmtree
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import outcomes, tables
from lakehouse.settings import settings
from transforms.entity_resolution import review, saving, stewards
from transforms.entity_resolution.linked import Kind, Linked, relink
from transforms.entity_resolution.mint import mint_key
from transforms.entity_resolution.persons import deaths, golden, households, lifecycle, mentions, registration, terms
from transforms.entity_resolution.persons.departments import DATASETS
from transforms.entity_resolution.survivorship import CONFLICTS
from transforms.entity_resolution.validity import KEPT, with_history

KIND = Kind("persons", grounds="is_number_valid or (name is not null and birth_date is not null)")
PLACES = "silver.xref__addresses"
COUNTED = ("n_records", "n_sources")
"""Columns that grow with every delivery; they begin no new golden record."""


def run(work: dict[str, Any]) -> None:
    """Build the register from the table versions that the plan names. Every mention is linked or held."""
    with outcomes.step("registers", KIND.name, work["inputs"]) as outcome, _lake(work["inputs"]) as base:
        saving.finish(KIND.name)
        present = {d for d in DATASETS if f"silver.{d}" in work["inputs"]}
        mentions.build(base, present, _places(base, work["inputs"]))
        said = base.sql("from mentions order by mention_id").to_arrow_table()
        found = relink(KIND, said, lambda asked: mentions.compared(base, asked), work["is_full"])
        made = _register(base, said, found, present)
        saving.save_ids(KIND.name, found)
        rows = saving.save(made)
        outcome.rows_in, outcome.accepted, outcome.rows_out = said.num_rows, found.links.num_rows, rows["entity__persons"]
        outcome.detail = rows | {"held": said.num_rows - found.links.num_rows, "is_full": found.is_full, "day": str(found.on)}


def _register(base: duckdb.DuckDBPyConnection, said: pa.Table, found: Linked, present: set[str]) -> dict[str, pa.Table]:
    """All tables but crosswalk and log, by dataset."""
    base.register("members", found.links)
    terms.show(base)
    registration.read(base)
    deaths.judge(base, present)
    survivors = golden.survivors(base, found.on, stewards.values(KIND.name))
    people = golden.persons(base, survivors, present, found.on)
    base.register("persons", people)
    memberships = households.memberships(base, mint_key())
    disputed = base.sql(deaths.conflicts(present)).to_arrow_table()
    conflicts = [survivors.conflicts, review.conflicts_of(KIND.name, found, said, "citizen_no"), disputed]
    return {
        "mentions__persons": said.append_column("is_held", _is_held(base)),
        "match_pairs__persons": review.pairs_of(KIND.name, found),
        "conflict__persons": _ordered(pa.concat_tables(conflicts, promote_options="permissive")),
        "lifecycle__persons": lifecycle.life_events(base, present),
        "entity__households": households.households(base),
        "bridge__person_household": memberships,
        "bridge__person_residence": households.residences(base),
        "entity__persons": _golden(base, people, found),
    }


def _golden(base: duckdb.DuckDBPyConnection, people: pa.Table, found: Linked) -> pa.Table:
    """Golden records with their history and the ids of their households."""
    now = base.sql(
        "select p.*, h.household_id from persons p left join household_ids h using (household_no) order by person_id"
    ).to_arrow_table()
    schema = saving.schema_of("entity__persons")
    now = now.select([n for n in schema.names if n not in KEPT])
    return with_history(saving.former("entity__persons"), now, "person_id", found.on, COUNTED)


def _is_held(base: duckdb.DuckDBPyConnection) -> pa.Array:
    held = base.sql(
        "select l.entity_id is null as is_held from mentions m left join members l using (mention_id) order by mention_id"
    )
    return held.to_arrow_table()["is_held"]


def _ordered(conflicts: pa.Table) -> pa.Table:
    keys = ("entity_id", "attribute", "kind", "source", "value", "mention_id")
    return conflicts.select(CONFLICTS.names).sort_by([(key, "ascending") for key in keys])


def _places(base: duckdb.DuckDBPyConnection, inputs: dict[str, Any]) -> pa.Table | None:
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
