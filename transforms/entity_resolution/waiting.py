"""What waits for a steward on the desk: open conflicts, scored pairs, competing values, decisions not yet carried out."""

from typing import Any

import duckdb
import pyarrow.compute as pc

from lakehouse import outcomes, tables
from quality import decisions, masking
from quality.decisions import Decision
from transforms.entity_resolution import desk, stewards
from transforms.entity_resolution.persons import golden

OPEN = """
select kind, attribute, count(distinct entity_id) as entities from silver.conflict__{}
where is_open group by all order by entities desc, kind
"""
CONCERNED = """
select entity_id, kind, attribute, other_entity_id from silver.conflict__{}
where is_open and (kind = $1 or $1 = '') and (other_entity_id is null or entity_id < other_entity_id)
group by all order by kind, attribute, entity_id, other_entity_id
"""
REVIEWED = """
select least(left_entity_id, right_entity_id) as a, greatest(left_entity_id, right_entity_id) as b, method,
       max(match_probability) as probability, count(*) as pairs from silver.match_pairs__{}
where is_review and left_entity_id <> right_entity_id group by all order by probability desc, a, b
"""
EVIDENCE = """
select left_id, right_id, method, match_probability, rule_version, scored_on from silver.match_pairs__{}
where (left_entity_id = $1 and right_entity_id = $2) or (left_entity_id = $2 and right_entity_id = $1)
order by match_probability desc, left_id, right_id
"""
RIVALS = "from silver.conflict__{} where entity_id = $1 order by is_open desc, attribute, kind, rank, value, mention_id"
MENTIONS = "silver.mentions__persons"
UNCOMPARED = ("n_records", "n_sources", "valid_from", "valid_to", "_golden_version", "data_origin")
MEMBERS = "from silver.xref__{} where entity_id = $1 and valid_to is null order by valid_from, mention_id"


def open_conflicts(kind: str) -> list[dict[str, Any]]:
    """kind, attribute, entities of open conflicts, most first."""
    return desk.ask(kind, OPEN.format(kind))


def concerned(kind: str, what: str, limit: int) -> list[dict[str, Any]]:
    """Entities with an open conflict of one kind (empty: of any), two that contradict each other once; `is_done` says whether
    the decision on it was carried out by a run, None where nobody has decided."""
    made = {decision.hold_id: is_done for decision, is_done in decided(kind)}
    rows = desk.ask(kind, f"{CONCERNED.format(kind)} limit {limit}", what)
    return [r | {"is_done": next((made[about] for about in _decided_as(r) if about in made), None)} for r in rows]


def _decided_as(row: dict[str, Any]) -> list[str]:
    """What a decision on this conflict would be about: the two, the value, or which records are the entity's."""
    pair = [row["entity_id"], row["other_entity_id"]]
    return (["+".join(sorted(pair))] if pair[1] else [f"{pair[0]}.{row['attribute']}"]) + [pair[0]]


def reviews(kind: str) -> list[dict[str, Any]]:
    """a, b, method, probability, pairs of entities that linkage neither joined nor kept apart, but for those decided on."""
    decided = stewards.in_force(kind)
    return [r for r in _of_pairs(kind, REVIEWED) if f"{r['a']}+{r['b']}" not in decided]


def evidence(kind: str, a: str, b: str) -> list[dict[str, Any]]:
    """Scored pairs of records between two entities."""
    return _of_pairs(kind, EVIDENCE, a, b)


def rivals(kind: str, entity: str) -> list[dict[str, Any]]:
    """Competing values of an entity with `shown` instead of `value`."""
    rows = desk.ask(kind, RIVALS.format(kind), entity)
    return [r | {"value": None, "shown": masking.told_apart(f"entity__{kind}", r["attribute"], r["value"])} for r in rows]


def between(kind: str, a: str, b: str) -> list[dict[str, Any]]:
    """Open conflicts of one entity with another."""
    return [r for r in rivals(kind, a) if r["is_open"] and r["other_entity_id"] == b]


def members(kind: str, entity: str) -> list[dict[str, Any]]:
    """Crosswalk rows of the records that belong to an entity now."""
    return desk.ask(kind, MEMBERS.format(kind), entity)


def side_by_side(kind: str, a: str, b: str) -> list[dict[str, Any]]:
    """A row per column of two golden records: name, left, right (masked), `differs` (both are filled, and not alike), and
    `after`, the value that would survive if they were one under the id `a`; `after` is None where only the next run can tell."""
    left, right = _golden(kind, a), _golden(kind, b)
    after = (merged_person(a, b) if kind == "persons" else {}) | {desk.KEYS[kind]: a}
    register = f"entity__{kind}"
    return [
        {"name": name, "left": masking.told_apart(register, name, left.get(name)),
         "right": masking.told_apart(register, name, right.get(name)),
         "differs": None not in (left.get(name), right.get(name)) and left.get(name) != right.get(name), "after": after.get(name)}
        for name in {**left, **right} if name not in UNCOMPARED
    ]  # fmt: skip


def merged_person(a: str, b: str) -> dict[str, str]:
    """Attribute -> value, masked, that the order of sources would choose from all records of two persons."""
    from transforms.entity_resolution.linked import day_of  # brings the linkage machinery, which no other question needs

    ids = [r["mention_id"] for entity in (a, b) for r in members("persons", entity)]
    said = tables.read(MENTIONS, filters=pc.field("mention_id").isin(ids))
    with duckdb.connect() as base:
        base.register("mentions", said)
        base.execute("create table members as select mention_id, $1 as entity_id from mentions", [a])
        made = golden.survivors(base, day_of(tables.read(MENTIONS, ["as_of"])), stewards.values("persons"))
    chosen = {name: t.filter(pc.equal(t["entity_id"], a))["value"].to_pylist() for name, t in made.golden.items()}
    return {name: masking.told_apart("entity__persons", name, values[0] if values else None) for name, values in chosen.items()}


def decided(kind: str) -> list[tuple[Decision, bool]]:
    """Decisions in force, newest first, and whether the last run carried each out."""
    last = _last(kind)
    standing = sorted(stewards.in_force(kind).values(), key=lambda d: d.decided_at, reverse=True)
    return [(d, last.get(d.hold_id) == d.decided_at.isoformat()) for d in standing]


def taken_back(kind: str) -> list[Decision]:
    """Decisions to take something back that the next run will carry out."""
    gone = _last(kind).keys() - stewards.in_force(kind).keys()
    newest = {d.hold_id: d for d in decisions.history(stewards.dataset(kind)) if d.kind == "undo"}
    return [newest[about] for about in sorted(gone) if about in newest]


def _golden(kind: str, entity: str) -> dict[str, Any]:
    """The record in force; empty when every source has withdrawn its records."""
    rows = desk.ask(kind, f"select * from silver.entity__{kind} where {desk.KEYS[kind]} = $1 and valid_to is null", entity)
    return rows[0] if rows else {}


def _last(kind: str) -> dict[str, str]:
    return (outcomes.last_inputs("registers", kind) or {}).get("decisions") or {}


def _of_pairs(kind: str, question: str, *given: str) -> list[dict[str, Any]]:
    name = f"silver.match_pairs__{kind}"
    if not tables.exists(name):
        return []
    with tables.duck(name) as base:
        found = base.execute(question.format(kind), list(given))
        columns = [c[0] for c in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
