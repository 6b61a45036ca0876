"""The identity log: what happened to each id, append-only. It is a primary record: backed up, never rebuilt.

MINT and SPLIT make an id, MERGE makes one an alias of an older one, RETIRE says that every source has withdrawn its
records, REVIVE that a record came back. A SPLIT that takes a merge back gives the alias its own life again.
A merger of two companies is an event of their lives, no event of identity: both ids stay. Columns of ids hold them
separated by commas.
"""

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.contracts.codes import entity_id as codes

SCHEMA = pa.schema(
    [
        ("event_no", pa.int64()), ("event", pa.string()), ("entity_id", pa.string()),
        ("from_ids", pa.string()), ("to_ids", pa.string()),
        ("anchor", pa.string()), ("cause", pa.string()), ("decided_by", pa.string()), ("occurred_on", pa.date32()),
    ]
)  # fmt: skip
STANDING = pa.schema(
    [
        ("entity_id", pa.string()), ("root_id", pa.string()), ("is_retired", pa.bool_()),
        ("minted_no", pa.int64()), ("anchor", pa.string()),
    ]
)  # fmt: skip


_REPLAYED = ("event_no", "event", "entity_id", "to_ids", "anchor")


def table(kind: str) -> str:
    return f"silver.identity_log__{kind}"


def read(kind: str) -> pa.Table:
    """All events in order; none while the register is new."""
    name = table(kind)
    return tables.read(name).cast(SCHEMA).sort_by("event_no") if tables.exists(name) else SCHEMA.empty_table()


def append(kind: str, events: pa.Table) -> None:
    """Write new events once: a run that is repeated after a crash finds its last event number there."""
    if events.num_rows:
        tables.append(table(kind), events, transaction=("identity_log", pc.max(events["event_no"]).as_py()))


def row(
    event: str, entity_id: str, from_ids: list[str], to_ids: list[str], anchor: str | None, cause: str, by: str, on: date
) -> dict[str, Any]:
    """One event without its number, which it gets with its place in the log."""
    return {
        "event": event, "entity_id": entity_id, "from_ids": ",".join(from_ids), "to_ids": ",".join(to_ids),
        "anchor": anchor, "cause": cause, "decided_by": by, "occurred_on": on,
    }  # fmt: skip


def numbered(rows: list[dict[str, Any]], after: int) -> pa.Table:
    """The events with the numbers that follow `after`."""
    return pa.Table.from_pylist([{"event_no": n} | r for n, r in enumerate(rows, after + 1)], SCHEMA)


def last_number(log: pa.Table) -> int:
    return pc.max(log["event_no"]).as_py() or 0


def standing(log: pa.Table) -> pa.Table:
    """Every id ever given -> the id that stands for it (itself, or what it was merged into), whether that is retired,
    the number of the event that made it, and its anchor record."""
    plain = log.filter(pc.equal(log["event"], "MINT"))
    alias, retired, split_off = _changes(log.filter(pc.not_equal(log["event"], "MINT")))
    found = {
        "entity_id": [*plain["entity_id"].chunks, pa.array(list(split_off), pa.string())],
        "minted_no": [*plain["event_no"].chunks, pa.array([n for n, _ in split_off.values()], pa.int64())],
        "anchor": [*plain["anchor"].chunks, pa.array([a for _, a in split_off.values()], pa.string())],
    }
    made = pa.table({name: pa.chunked_array(parts) for name, parts in found.items()})
    made = made.filter(_is_first(made["entity_id"]))
    lost = pa.array(list(alias), pa.string())
    kept = pa.array([_root(entity, alias) for entity in alias], pa.string())
    roots = pc.coalesce(pc.take(kept, pc.index_in(made["entity_id"], value_set=lost)), made["entity_id"])
    is_retired = pc.is_in(roots, value_set=pa.array(sorted(retired), pa.string()))
    return pa.table({**{n: made[n] for n in made.column_names}, "root_id": roots, "is_retired": is_retired}).select(
        STANDING.names
    )


def _changes(log: pa.Table) -> tuple[dict[str, str], set[str], dict[str, tuple[int, str | None]]]:
    """Ids that are other names now, retired ids, ids that a split made (with number and anchor), after all events."""
    alias: dict[str, str] = {}
    retired: set[str] = set()
    split_off: dict[str, tuple[int, str | None]] = {}
    for number, event, entity, to_ids, anchor in zip(*(log[n].to_pylist() for n in _REPLAYED), strict=True):
        retired.discard(entity)
        if event == "SPLIT":
            split_off.setdefault(entity, (number, anchor))
            alias.pop(entity, None)
        elif event == "MERGE":
            alias[entity] = to_ids
        elif event == "RETIRE":
            retired.add(entity)
    return alias, retired, split_off


def _is_first(ids: pa.ChunkedArray) -> pa.Array:
    """An id that a split gave back was minted before; its first event counts."""
    whole = ids.combine_chunks()
    return pc.equal(pc.index_in(whole, value_set=whole), pa.array(range(len(whole)), pa.int32()))


def resolve(entity_id: str, log: pa.Table) -> str:
    """The id that stands for this one today. Raises LookupError for one never given, naming a slip where it is one."""
    found = standing(log)
    hit = found.filter(pc.equal(found["entity_id"], entity_id))
    if not hit.num_rows:
        is_slip = not codes.is_valid(pa.array([entity_id]))[0].as_py()
        why = "its check character is wrong; look for a slip" if is_slip else "it was never given"
        raise LookupError(f"No entity {entity_id}: {why}.")
    return hit["root_id"][0].as_py()


def _root(entity: str, alias: dict[str, str]) -> str:
    while entity in alias:
        entity = alias[entity]
    return entity
