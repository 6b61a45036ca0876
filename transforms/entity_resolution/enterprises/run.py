"""The enterprise register from silver: mentions, enterprises with ids, golden records, lives, premises, numbers, conflicts."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import outcomes, tables, vault
from transforms.entity_resolution import changes, review, saving, stewards
from transforms.entity_resolution.enterprises import delta, register
from transforms.entity_resolution.enterprises.departments import DATASETS, SOCIAL_INSURANCE
from transforms.entity_resolution.enterprises.facts import Facts
from transforms.entity_resolution.enterprises.lifecycle import life_events
from transforms.entity_resolution.enterprises.mentions import enterprise_mentions
from transforms.entity_resolution.enterprises.places import NO_PLACES
from transforms.entity_resolution.linkage import rules_of
from transforms.entity_resolution.linked import Kind, Linked, relink

KIND = Kind(
    "enterprises",
    grounds="coalesce(uscc, reg_no_15, org_code9, standard_name) is not null",
    outline=("uscc", "record_id", "standard_name", "parent_name"),
)
"""A code that is not valid and stands alone makes no enterprise."""
PLACES, PERSONS = "silver.xref__addresses", "silver.xref__persons"
COMPARED = ("mention_id", "source_code", "as_of", "uscc_as_sent", "org_code9", "reg_no_15", "name", "legal_person_name",
            "legal_person_no", "address_id", "address_text")  # fmt: skip
TABLES = (
    "xref__enterprises", "mentions__enterprises", "match_pairs__enterprises", "conflict__enterprises", "lifecycle__enterprises",
    "bridge__enterprise_address", "xref__enterprise_numbers", "entity__enterprises",
)  # fmt: skip


def run(work: dict[str, Any]) -> None:
    """Build the register from the table versions that the plan names. Every mention is linked or held.

    Where it can be told what changed since the last run, only the enterprises that that touches are computed.
    """
    inputs = work["inputs"]
    with outcomes.step("registers", KIND.name, inputs) as outcome:
        saving.finish(KIND.name)
        persons = {PERSONS: tables.version(PERSONS)}
        changed = None if work["is_full"] else changes.since_built(KIND.name, inputs, DATASETS)
        counts = delta.build(KIND, changed, inputs | persons, _places(inputs), opened) if changed else None
        if counts is None:
            counts = _of_all(inputs, work["is_full"])
        changes.note(KIND.name, inputs | persons, [f"silver.{name}" for name in TABLES], counts["day"])
        outcome.rows_in, outcome.rows_out = counts["mentions__enterprises"], counts["entity__enterprises"]
        outcome.accepted = outcome.rows_in - counts["held"]
        outcome.detail = counts | {"day": str(counts["day"])}


def compared(mentions: pa.Table, asked: pa.Table) -> pa.Table:
    """What linkage compares of mentions (`asked`: mention_id), in clear and in memory only."""
    is_asked = pc.is_in(mentions["mention_id"], value_set=asked["mention_id"].combine_chunks())
    return opened(mentions.select(COMPARED).filter(is_asked))


def opened(rows: pa.Table) -> pa.Table:
    """The columns that linkage compares, legal persons out of the vault."""
    rows = rows.select(COMPARED)
    for name in ("legal_person_name", "legal_person_no"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, vault.clear(rows[name]))
    return rows


def _of_all(inputs: Mapping[str, Any], is_full: bool) -> dict[str, Any]:
    """Build all tables anew; rows by table."""
    silver = _silver(inputs)
    mentions = enterprise_mentions(silver, _places(inputs), rules_of(KIND.name).home)
    found = relink(KIND, mentions, lambda asked: compared(mentions, asked), is_full)
    made = _register(silver, mentions, found)
    saving.save_ids(KIND.name, found)
    rows = saving.save(made)
    return rows | {"held": mentions.num_rows - found.links.num_rows, "is_full": found.is_full, "day": found.on}


def _register(silver: Mapping[str, pa.Table], mentions: pa.Table, found: Linked) -> dict[str, pa.Table]:
    """All tables but crosswalk and log, by dataset."""
    life = life_events(silver, found.links)
    facts = Facts(silver, mentions, found.links, life, delta.legal_persons(), stewards.values(KIND.name))
    made = register.of_members(facts, found.on)
    between = review.conflicts_of(KIND.name, found, mentions, "uscc")
    return {
        "mentions__enterprises": saving.held_first(mentions.append_column("is_held", _is_held(mentions, found))),
        "match_pairs__enterprises": review.pairs_of(KIND.name, found),
        "conflict__enterprises": review.in_order([made.conflicts, between]),
        "lifecycle__enterprises": made.events,
        "bridge__enterprise_address": made.premises,
        "xref__enterprise_numbers": made.numbers,
        "entity__enterprises": register.with_former(made.enterprises, saving.former("entity__enterprises"), found.on),
    }


def _is_held(mentions: pa.Table, found: Linked) -> pa.Array:
    return pc.invert(pc.is_in(mentions["mention_id"], value_set=found.links["mention_id"].combine_chunks()))


def _silver(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Each dataset that the plan names, at its version."""
    found = {}
    for dataset in DATASETS:
        if isinstance(version := inputs.get(f"silver.{dataset}"), int):
            found[dataset] = tables.read(f"silver.{dataset}", delta.INSURED if dataset == SOCIAL_INSURANCE else None, version)
    return found


def _places(inputs: Mapping[str, Any]) -> pa.Table:
    return tables.read(PLACES, NO_PLACES.column_names, inputs[PLACES]) if PLACES in inputs else NO_PLACES
