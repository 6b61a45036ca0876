"""What a steward can decide on a register's entities, by command or on the desk: each decision names records, is kept with its
reason and who made it, and is carried out by the next run of the stage `registers`.

Every function raises LookupError for an entity or record that is not there and ValueError for what cannot be decided.
"""

from collections.abc import Sequence

from quality.decisions import Decision
from transforms.entity_resolution import desk, stewards


def merge(left: str, right: str, reason: str, by: str | None = None) -> Decision:
    """Two entities are one; the older id stays."""
    kind, (a, b) = desk.same_kind(left, right)
    changes = {"left": desk.anchor(kind, a), "right": desk.anchor(kind, b)}
    return stewards.decide(kind, pair_name(a, b), stewards.MERGE, reason, changes, by)


def keep_apart(left: str, right: str, reason: str, by: str | None = None) -> Decision:
    """Two entities are two: the records of the younger never join the anchor record of the older, whatever linkage finds."""
    kind, (a, b) = desk.same_kind(left, right)
    older, younger = desk.older_first(kind, a, b)
    changes = {"anchor": desk.anchor(kind, older), "records": [line.split()[0] for line in desk.records(kind, younger)]}
    return stewards.decide(kind, pair_name(a, b), stewards.SPLIT, reason, changes, by)


def split(entity_id: str, records: Sequence[str], reason: str, by: str | None = None) -> Decision:
    """Some records of an entity are another one; the id stays with the part that holds the anchor record."""
    kind, entity = desk.resolved(entity_id)
    leaving = desk.leaving(kind, entity, records)
    if not leaving:
        raise ValueError(f"No record of {entity} is named that would leave it; choose at least one.")
    changes = {"anchor": desk.anchor(kind, entity, leaving), "records": leaving}
    return stewards.decide(kind, entity, stewards.SPLIT, reason, changes, by)


def value(entity_id: str, attribute: str, record: str, reason: str, by: str | None = None) -> Decision:
    """The value that one record tells outranks all sources for 365 days."""
    kind, entity = desk.resolved(entity_id)
    changes = {"entity_id": entity, "attribute": attribute, "value": desk.told(kind, entity, attribute, record)}
    return stewards.decide(kind, f"{entity}.{attribute}", stewards.VALUE, reason, changes, by)


def undo(about: str, reason: str, by: str | None = None) -> Decision:
    """The last decision on `about` (`A+B`, `A`, `A.attribute`) is taken back."""
    return stewards.undo(desk.kind_of(about), about, reason, by)


def pair_name(left: str, right: str) -> str:
    """What a decision on two entities is about."""
    return "+".join(sorted((left, right)))
