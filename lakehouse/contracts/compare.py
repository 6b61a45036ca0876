"""Two versions of a contract -> what changed, and whether the change breaks those who use the older one."""

from dataclasses import dataclass

from lakehouse.contracts.model import Dataset, Field


@dataclass(frozen=True)
class Change:
    """One change in words; breaking means a reader or sender of the old version can fail."""

    is_breaking: bool
    sentence: str


def compare(old: Dataset, new: Dataset) -> list[Change]:
    """Changes from `old` to `new`: the dataset, its columns, its key, its rules."""
    before, after = ({f.name: f for f in d.fields} for d in (old, new))
    changes = [Change(True, f"{old.table} became {new.table}.")] if old.table != new.table else []
    changes += [Change(True, f"Column {name} was removed.") for name in before if name not in after]
    changes += [_added(field) for name, field in after.items() if name not in before]
    for name, field in before.items():
        changes += _field_changes(field, after[name]) if name in after else []
    if old.primary_key != new.primary_key:
        keys = [", ".join(d.primary_key) for d in (old, new)]
        changes.append(Change(True, f"The key changed from ({keys[0]}) to ({keys[1]})."))
    return changes + _published_changes(old, new) + _rule_changes(old, new)


def _added(field: Field) -> Change:
    kind = f"{field.logical_type}, required" if field.required else field.logical_type
    return Change(field.required, f"Column {field.name} ({kind}) was added.")


def _field_changes(old: Field, new: Field) -> list[Change]:
    """A sender fails on what became required, a reader on what may be missing now; both break."""
    said = {
        "its type": (old.logical_type, new.logical_type),
        "its unit": (old.unit, new.unit),
        "its class": (old.classification, new.classification),
    }
    changes = [
        Change(True, f"Column {old.name} changed {what} from {was} to {now}.") for what, (was, now) in said.items() if was != now
    ]
    if old.required != new.required:
        changes.append(Change(True, f"Column {old.name} is {'now' if new.required else 'no longer'} required."))
    return changes


def _published_changes(old: Dataset, new: Dataset) -> list[Change]:
    gone = [Change(True, f"Column {name} is no longer published.") for name in old.publish if name not in new.publish]
    return gone + [Change(False, f"Column {name} is now published.") for name in new.publish if name not in old.publish]


def _rule_changes(old: Dataset, new: Dataset) -> list[Change]:
    """A new or stricter error rule holds rows that passed before; a removed rule or a warning holds none."""
    before, after = ({r.name: r for r in d.rules} for d in (old, new))
    changes = [Change(False, f"Rule {name} was removed.") for name in before if name not in after]
    for name, rule in after.items():
        was, is_error = before.get(name), rule.severity == "error"
        if was is None:
            changes.append(Change(is_error, f"Rule {name} ({rule.severity}) was added: {rule.description}"))
        elif (was.predicate, was.severity) != (rule.predicate, rule.severity):
            changes.append(Change(is_error, f"Rule {name} changed: {rule.description}"))
    return changes
