"""The enterprise register after a delta: enterprises that it touches are computed, all others stay as they are."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from transforms.entity_resolution import changes, saving, stewards, touched
from transforms.entity_resolution.enterprises import register
from transforms.entity_resolution.enterprises.departments import DATASETS, SOCIAL_INSURANCE, TAX
from transforms.entity_resolution.enterprises.facts import Facts
from transforms.entity_resolution.enterprises.lifecycle import life_events
from transforms.entity_resolution.enterprises.mentions import enterprise_mentions
from transforms.entity_resolution.enterprises.two_registers import TERM_DAYS
from transforms.entity_resolution.linkage import rules_of
from transforms.entity_resolution.linked import Kind, Linked
from transforms.entity_resolution.survivorship_rules import rules_of as order_of

PERSONS = "silver.xref__persons"
LEGAL_PERSON = "role = 'legal_person' and valid_to is null"
INSURED = ("employer_uscc", "month", "_record_id", "_source_code", "_data_origin")
"""What is read of the insured: who employs them, nothing of themselves."""
AGED = """
select entity_id from members_now join outline m using (mention_id) join limits l using (dataset)
where m.as_of >= least($before, $on) - l.days::integer and m.as_of < greatest($before, $on) - l.days::integer
union select enterprise_id from stored_enterprises where valid_to is null
  and established_on > least($before, $on) - $term and established_on <= greatest($before, $on) - $term
"""
LED = """
select entity_id from members_now join outline m using (mention_id) semi join led_anew using (record_id)
"""
BRANCHES = """
with names as (
  select standard_name from outline join members_now using (mention_id) semi join touched using (entity_id) where role = 'self'
  union select standard_name from stored join current using (mention_id) semi join touched using (entity_id) where role = 'self')
select entity_id from members_now join outline m using (mention_id) where m.parent_name in (from names)
"""
BEARERS = """
select distinct entity_id, standard_name from outline join members_now using (mention_id)
where role = 'self' and standard_name in (select parent_name from mentions)
"""


def build(
    kind: Kind, changed: changes.Changes, inputs: Mapping[str, Any], places: pa.Table, opened: Callable[[pa.Table], pa.Table]
) -> dict[str, Any] | None:
    """Rows by table and what else the outcome tells; None where nothing was linked before under these rules. `opened`: what
    linkage compares of mentions."""
    with duckdb.connect() as base:
        touched.show(base, kind, changed)
        fresh = enterprise_mentions(_silver(base, inputs, "records"), places, rules_of(kind.name).home)
        base.register("fresh_mentions", fresh)
        found = touched.relink(base, kind, lambda asked: opened(_told(base, asked)), changed)
        if found is None:
            return None
        base.execute(f"create view stored_enterprises as {tables.scan(base, 'silver.entity__enterprises')}")
        _touch(base, changed.built, inputs, found.on)
        touched.scope(base)
        made = register.of_members(_facts(base, kind, inputs, found), found.on)
        return _saved(base, kind, found, made)


def legal_persons() -> pa.Table:
    """mention_id, entity_id of legal persons in the population register as it stands."""
    nobody = pa.table({"mention_id": pa.nulls(0, pa.string()), "entity_id": pa.nulls(0, pa.string())})
    if not tables.exists(PERSONS):
        return nobody
    wanted = (pc.field("role") == "legal_person") & pc.field("valid_to").is_null()
    return tables.read(PERSONS, nobody.column_names, filters=wanted)


def _told(base: duckdb.DuckDBPyConnection, asked: pa.Table) -> pa.Table:
    base.register("in_clear", asked)
    return base.sql("select * from told semi join in_clear using (mention_id) order by mention_id").to_arrow_table()


def _silver(base: duckdb.DuckDBPyConnection, inputs: Mapping[str, Any], records: str) -> dict[str, pa.Table]:
    """Rows of each dataset whose records a table names (record_id)."""
    found = {}
    for dataset in DATASETS:
        if isinstance(version := inputs.get(f"silver.{dataset}"), int):
            columns = ", ".join(INSURED) if dataset == SOCIAL_INSURANCE else "*"
            rows = f"select {columns} from ({tables.scan(base, f'silver.{dataset}', version)})"
            found[dataset] = base.sql(f"{rows} where _record_id in (select record_id from {records})").to_arrow_table()
    return found


def _touch(base: duckdb.DuckDBPyConnection, built: changes.Built, inputs: Mapping[str, Any], on: date) -> None:
    """Count among the touched whom the day changes, whose legal person is another, and branches of those touched so far."""
    base.register("limits", touched.limits(order_of("enterprises"), {(TAX, TERM_DAYS)}))
    touched.touch(base, AGED, {"before": built.day, "on": on, "term": TERM_DAYS})
    base.register("led_anew", changes.differing(
        base, PERSONS, built.inputs.get(PERSONS), inputs[PERSONS], ("record_id",), LEGAL_PERSON
    ))  # fmt: skip
    touched.touch(base, LED)
    touched.touch(base, BRANCHES)


def _facts(base: duckdb.DuckDBPyConnection, kind: Kind, inputs: Mapping[str, Any], found: Linked) -> Facts:
    mentions, members, bearers = (base.sql(q).to_arrow_table() for q in ("from mentions", "from members", BEARERS))
    silver, datasets = _silver(base, inputs, "mentions"), base.sql("select distinct dataset from outline").fetchall()
    return Facts(
        silver, mentions, members, life_events(silver, members), legal_persons(), stewards.values(kind.name),
        frozenset(name for (name,) in datasets), bearers,
    )  # fmt: skip


def _saved(base: duckdb.DuckDBPyConnection, kind: Kind, found: Linked, made: register.Said) -> dict[str, Any]:
    """Write ids, then all that differs; rows by table."""
    pairs, between = touched.between(base, kind, found, "uscc")
    stood = base.sql("select * from stored_enterprises semi join touched on enterprise_id = entity_id").to_arrow_table()
    schema = saving.schema_of("entity__enterprises")
    golden = register.with_former(made.enterprises, stood.select(schema.names).cast(schema), found.on)
    own = base.sql("select entity_id as enterprise_id from touched").to_arrow_table()
    return touched.saved(base, kind, found, (pairs, made.conflicts, between), {
        "lifecycle__enterprises": (own, made.events),
        "bridge__enterprise_address": (own, made.premises),
        "xref__enterprise_numbers": (own, made.numbers),
        "entity__enterprises": (own, golden),
    })  # fmt: skip
