"""The enterprise register from silver: mentions, enterprises with ids, golden records, lives, premises, numbers, conflicts."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import outcomes, tables, vault
from transforms.entity_resolution import review, saving, stewards
from transforms.entity_resolution.enterprises.departments import DEPARTMENTS, SOCIAL_INSURANCE
from transforms.entity_resolution.enterprises.facts import Facts
from transforms.entity_resolution.enterprises.golden import golden_records
from transforms.entity_resolution.enterprises.lifecycle import life_events
from transforms.entity_resolution.enterprises.mentions import enterprise_mentions
from transforms.entity_resolution.enterprises.numbers import number_index
from transforms.entity_resolution.enterprises.places import NO_PLACES
from transforms.entity_resolution.enterprises.premises import premises
from transforms.entity_resolution.enterprises.two_registers import compare_two_registers
from transforms.entity_resolution.linkage import rules_of
from transforms.entity_resolution.linked import Kind, Linked, relink
from transforms.entity_resolution.survivorship import CONFLICTS
from transforms.entity_resolution.validity import KEPT, with_history

KIND = Kind("enterprises", grounds="coalesce(uscc, reg_no_15, org_code9, standard_name) is not null")
"""A code that is not valid and stands alone makes no enterprise."""
PLACES, PERSONS = "silver.xref__addresses", "silver.xref__persons"
INSURED = ("employer_uscc", "month", "_record_id", "_source_code", "_data_origin")
"""What is read of the insured: who employs them, nothing of themselves."""
COMPARED = ("mention_id", "source_code", "as_of", "uscc_as_sent", "org_code9", "reg_no_15", "name", "legal_person_name",
            "legal_person_no", "address_id", "address_text")  # fmt: skip


def run(work: dict[str, Any]) -> None:
    """Build the register from the table versions that the plan names. Every mention is linked or held."""
    inputs = work["inputs"]
    with outcomes.step("registers", KIND.name, inputs) as outcome:
        saving.finish(KIND.name)
        silver = _silver(inputs)
        mentions = enterprise_mentions(silver, _places(inputs), rules_of(KIND.name).home)
        found = relink(KIND, mentions, lambda asked: compared(mentions, asked), work["is_full"])
        made = _register(silver, mentions, found)
        saving.save_ids(KIND.name, found)
        rows = saving.save(made)
        held = mentions.num_rows - found.links.num_rows
        outcome.rows_in, outcome.accepted, outcome.rows_out = mentions.num_rows, found.links.num_rows, rows["entity__enterprises"]
        outcome.detail = rows | {"held": held, "is_full": found.is_full, "day": str(found.on)}


def compared(mentions: pa.Table, asked: pa.Table) -> pa.Table:
    """What linkage compares of mentions (`asked`: mention_id), in clear and in memory only; legal persons out of the vault."""
    rows = mentions.select(COMPARED).filter(pc.is_in(mentions["mention_id"], value_set=asked["mention_id"].combine_chunks()))
    for name in ("legal_person_name", "legal_person_no"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, vault.clear(rows[name]))
    return rows


def _register(silver: Mapping[str, pa.Table], mentions: pa.Table, found: Linked) -> dict[str, pa.Table]:
    """All tables but crosswalk and log, by dataset."""
    life = life_events(silver, found.links)
    facts = Facts(silver, mentions, found.links, life, _legal_persons(), stewards.values(KIND.name))
    enterprises, competing = golden_records(facts, found.on)
    between = review.conflicts_of(KIND.name, found, mentions, "uscc")
    conflicts = [competing, between, compare_two_registers(facts, enterprises, found.on)]
    return {
        "mentions__enterprises": mentions.append_column("is_held", _is_held(mentions, found)),
        "match_pairs__enterprises": review.pairs_of(KIND.name, found),
        "conflict__enterprises": _ordered(pa.concat_tables(conflicts)),
        "lifecycle__enterprises": life,
        "bridge__enterprise_address": premises(mentions, found.links),
        "xref__enterprise_numbers": number_index(mentions, found.links),
        "entity__enterprises": _with_history(enterprises, found),
    }


def _with_history(enterprises: pa.Table, found: Linked) -> pa.Table:
    now = enterprises.select([n for n in saving.schema_of("entity__enterprises").names if n not in KEPT])
    return with_history(saving.former("entity__enterprises"), now, "enterprise_id", found.on)


def _is_held(mentions: pa.Table, found: Linked) -> pa.Array:
    return pc.invert(pc.is_in(mentions["mention_id"], value_set=found.links["mention_id"].combine_chunks()))


def _ordered(conflicts: pa.Table) -> pa.Table:
    keys = ("entity_id", "attribute", "kind", "source", "value", "mention_id")
    return conflicts.select(CONFLICTS.names).sort_by([(key, "ascending") for key in keys])


def _silver(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Each dataset that the plan names, at its version."""
    found = {}
    for dataset in dict.fromkeys(d.dataset for d in DEPARTMENTS):
        if isinstance(version := inputs.get(f"silver.{dataset}"), int):
            found[dataset] = tables.read(f"silver.{dataset}", INSURED if dataset == SOCIAL_INSURANCE else None, version)
    return found


def _places(inputs: Mapping[str, Any]) -> pa.Table:
    return tables.read(PLACES, NO_PLACES.column_names, inputs[PLACES]) if PLACES in inputs else NO_PLACES


def _legal_persons() -> pa.Table:
    """mention_id, entity_id of legal persons in the population register as it stands."""
    nobody = pa.table({"mention_id": pa.nulls(0, pa.string()), "entity_id": pa.nulls(0, pa.string())})
    if not tables.exists(PERSONS):
        return nobody
    wanted = (pc.field("role") == "legal_person") & pc.field("valid_to").is_null()
    return tables.read(PERSONS, nobody.column_names, filters=wanted)
