"""What a steward sees of registers: golden records, records behind them, conflicts; direct identifiers masked."""

from collections.abc import Sequence
from typing import Any

import duckdb

from lakehouse import tables
from lakehouse.contracts.codes.entity_id import KINDS
from quality import masking
from transforms.entity_resolution import identity_log

KEYS = {"persons": "person_id", "enterprises": "enterprise_id"}


def kind_of(entity_id: str) -> str:
    """`persons` or `enterprises` by the letter. Raises LookupError for another one."""
    found = {KINDS[kind]: kind for kind in KEYS}.get(entity_id[:1])
    if found is None:
        raise LookupError(f"{entity_id!r} is no id of a person (P...) or an enterprise (E...).")
    return found


def resolved(entity_id: str) -> tuple[str, str]:
    """Kind, and the id that stands for this one today. Raises LookupError for one never given."""
    kind = kind_of(entity_id)
    return kind, identity_log.resolve(entity_id, identity_log.read(kind))


def same_kind(left: str, right: str) -> tuple[str, tuple[str, str]]:
    """Kind and today's ids of two different entities of one kind. Raises ValueError where they are not."""
    (kind, a), (other, b) = resolved(left), resolved(right)
    if kind != other:
        raise ValueError(f"{left} and {right} are of two kinds and cannot be one.")
    if a == b:
        raise ValueError(f"{left} and {right} are one entity already: {a}.")
    return kind, (a, b)


def golden(kind: str, entity: str) -> dict[str, str]:
    """Column -> value of the record in force, masked. Raises LookupError for an entity without records."""
    rows = ask(kind, f"select * from silver.entity__{kind} where {KEYS[kind]} = $1 and valid_to is null", entity)
    if not rows:
        raise LookupError(f"{entity} is retired: every source has withdrawn its records; `lake register resolve` tells when.")
    return {name: masking.masked(f"entity__{kind}", name, value) for name, value in rows[0].items()}


def records(kind: str, entity: str) -> list[str]:
    """A line per record that belongs to the entity now."""
    rows = ask(
        kind, f"from silver.xref__{kind} where entity_id = $1 and valid_to is null order by valid_from, mention_id", entity
    )
    return [
        f"{r['mention_id']} {r['source_code']} {r['method']} {r['match_probability']:.4f} since {r['valid_from']}" for r in rows
    ]


def events(kind: str, entity: str) -> list[str]:
    """A line per event that the id took part in."""
    rows = history(kind, entity)
    return [f"{r['occurred_on']} {r['event']} {r['from_ids'] or '-'} -> {r['to_ids'] or '-'} ({r['cause']})" for r in rows]


def history(kind: str, entity: str) -> list[dict[str, Any]]:
    """Rows of the identity log in which the id took part, the oldest first."""
    said = "from silver.identity_log__{} where entity_id = $1 or contains(from_ids, $1) or contains(to_ids, $1) order by event_no"
    return ask(kind, said.format(kind), entity)


def told(kind: str, entity: str, attribute: str, record: str) -> str:
    """The value that a record tells in a conflict, as the tables hold it. Raises LookupError where it tells none."""
    said = f"select value, mention_id from silver.conflict__{kind} where entity_id = $1 and attribute = $2 and kind = 'values'"
    rows = [r for r in ask(kind, said, entity, attribute) if (r["mention_id"] or "").startswith(record)]
    if len({r["value"] for r in rows}) != 1:
        raise LookupError(
            f"Record {record} tells no one value of {attribute} of {entity}; `lake register conflicts show` lists them."
        )
    return rows[0]["value"]


def anchor(kind: str, entity: str, but: Sequence[str] = ()) -> str:
    """The record that the id was given for, or the first of those that are left. Raises ValueError when none would be left."""
    standing = identity_log.standing(identity_log.read(kind)).to_pylist()
    first = next(s["anchor"] for s in standing if s["entity_id"] == entity)
    left = [line.split()[0] for line in records(kind, entity) if line.split()[0] not in but]
    if not left:
        raise ValueError(f"All records of {entity} would leave it; name those of one of the two entities only.")
    return first if first in left else left[0]


def leaving(kind: str, entity: str, asked: Sequence[str]) -> list[str]:
    """Full names of the mentions asked for by their beginning. Raises LookupError for one that is not there or not unique."""
    have = [line.split()[0] for line in records(kind, entity)]
    hits = {one: [name for name in have if name.startswith(one)] for one in asked}
    if wrong := [one for one, found in hits.items() if len(found) != 1]:
        raise LookupError(
            f"{wrong[0]} begins the name of {len(hits[wrong[0]])} records of {entity}; `lake register show` lists them."
        )
    return sorted({found[0] for found in hits.values()})


def older_first(kind: str, a: str, b: str) -> tuple[str, str]:
    minted = {s["entity_id"]: s["minted_no"] for s in identity_log.standing(identity_log.read(kind)).to_pylist()}
    return (a, b) if minted[a] < minted[b] else (b, a)


def ask(kind: str, question: str, *given: str) -> list[dict[str, Any]]:
    """Rows of a question to the tables of a register. Raises LookupError while there is none."""
    names = [f"silver.{table}__{kind}" for table in ("entity", "xref", "identity_log", "conflict")]
    if missing := [name for name in names if not tables.exists(name)]:
        raise LookupError(f"There is no register of {kind} yet ({missing[0]}); `lake run registers` builds it.")
    base: duckdb.DuckDBPyConnection = tables.duck(*names)
    found = base.execute(question, list(given))
    columns = [c[0] for c in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
