"""What the register says of the members of enterprises, whoever they are: all of them, or those that a delta touches."""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from transforms.entity_resolution import saving
from transforms.entity_resolution.enterprises.facts import Facts
from transforms.entity_resolution.enterprises.golden import golden_records
from transforms.entity_resolution.enterprises.numbers import number_index
from transforms.entity_resolution.enterprises.premises import premises
from transforms.entity_resolution.enterprises.two_registers import compare_two_registers
from transforms.entity_resolution.validity import KEPT, with_history


@dataclass(frozen=True)
class Said:
    """Rows of the register's tables, `enterprises` without history, `conflicts` without those between entities."""

    enterprises: pa.Table
    premises: pa.Table
    numbers: pa.Table
    events: pa.Table
    conflicts: pa.Table


def of_members(facts: Facts, on: date) -> Said:
    """As of a day."""
    enterprises, competing = golden_records(facts, on)
    conflicts = pa.concat_tables([competing, compare_two_registers(facts, enterprises, on)])
    named, linked = facts.mentions, facts.members
    return Said(enterprises, premises(named, linked), number_index(named, linked), facts.life, conflicts)


def with_former(now: pa.Table, before: pa.Table, on: date) -> pa.Table:
    """Golden records with their history: `before` are the rows as they were."""
    plain = now.select([n for n in saving.schema_of("entity__enterprises").names if n not in KEPT])
    return with_history(before, plain, "enterprise_id", on)
