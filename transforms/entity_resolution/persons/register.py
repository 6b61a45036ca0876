"""What the register says of the members of entities, whoever they are: all of them, or those that a delta touches."""

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from transforms.entity_resolution import saving, stewards
from transforms.entity_resolution.mint import mint_key
from transforms.entity_resolution.persons import deaths, golden, households, lifecycle, registration, terms
from transforms.entity_resolution.survivorship import CONFLICTS
from transforms.entity_resolution.validity import KEPT, with_history

COUNTED = ("n_records", "n_sources")
"""Columns that grow with every delivery; they begin no new golden record."""


@dataclass(frozen=True)
class Said:
    """Rows of the register's tables, `persons` without history, `conflicts` without those between entities."""

    persons: pa.Table
    memberships: pa.Table
    residences: pa.Table
    events: pa.Table
    conflicts: pa.Table


def of_members(base: duckdb.DuckDBPyConnection, present: set[str], on: date) -> Said:
    """From the tables `members`, `mentions`, `horizon` and the silver datasets of `present`, as of a day."""
    terms.show(base)
    registration.read(base)
    deaths.judge(base, present)
    survivors = golden.survivors(base, on, stewards.values("persons"))
    people = golden.persons(base, survivors, present, on)
    base.register("persons", people)
    memberships = households.memberships(base, mint_key())
    disputed = base.sql(deaths.conflicts(present)).to_arrow_table()
    conflicts = pa.concat_tables([survivors.conflicts, disputed], promote_options="permissive").select(CONFLICTS.names)
    now = base.sql("select p.*, h.household_id from persons p left join household_ids h using (household_no) order by person_id")
    return Said(now.to_arrow_table(), memberships, households.residences(base), lifecycle.life_events(base, present), conflicts)


def with_former(now: pa.Table, before: pa.Table, on: date) -> pa.Table:
    """Golden records with their history: `before` are the rows as they were."""
    plain = now.select([n for n in saving.schema_of("entity__persons").names if n not in KEPT])
    return with_history(before, plain, "person_id", on, COUNTED)
