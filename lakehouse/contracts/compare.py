"""Two versions of a contract -> what changed, and whether the change breaks those who use the older one."""

from dataclasses import dataclass

from lakehouse.contracts.model import Dataset, Field


@dataclass(frozen=True)
class Change:
    """One change in words; breaking means a reader or sender of the old version can fail."""

    is_breaking: bool
    sentence: str


def compare(old: Dataset, new: Dataset) -> list[Change]:
    """Changes from `old` to `new`, columns first, then keys and rules."""
    before, after = ({f.name: f for f in d.fields} for d in (old, new))
    changes = [Change(True, f"Column {name} was removed.") for name in before if name not in after]
    changes += [_added(after[name]) for name in after if name not in before]
    for name in before.keys() & after.keys():
        changes += _field_changes(before[name], after[name])
    if old.primary_key != new.primary_key:
        changes.append(
            Change(
                True,
                f"The key changed from ({', '.join(old.primary_key)}) to ({', '.join(new.primary_key)}).",
            )
        )
    return changes + _rule_changes(old, new)


def _added(field: Field) -> Change:
    return Change(
        field.required,
        f"Column {field.name} ({field.logical_type}{', required' if field.required else ''}) was added.",
    )


def _field_changes(old: Field, new: Field) -> list[Change]:
    changes = []
    if old.logical_type != new.logical_type:
        changes.append(
            Change(True, f"Column {old.name} changed its type from {old.logical_type} to {new.logical_type}.")
        )
    if old.unit != new.unit:
        changes.append(Change(True, f"Column {old.name} changed its unit from {old.unit} to {new.unit}."))
    if old.required != new.required:
        changes.append(
            Change(new.required, f"Column {old.name} is {'now' if new.required else 'no longer'} required.")
        )
    if old.classification != new.classification:
        changes.append(
            Change(
                True,
                f"Column {old.name} changed its class from {old.classification} to {new.classification}.",
            )
        )
    return changes


def _rule_changes(old: Dataset, new: Dataset) -> list[Change]:
    before, after = ({r.name: r for r in d.rules} for d in (old, new))
    changes = [Change(False, f"Rule {name} was removed.") for name in before if name not in after]
    for name, rule in after.items():
        was = before.get(name)
        if was is None:
            changes.append(
                Change(
                    rule.severity == "error", f"Rule {name} ({rule.severity}) was added: {rule.description}"
                )
            )
        elif (was.predicate, was.severity) != (rule.predicate, rule.severity):
            changes.append(Change(rule.severity == "error", f"Rule {name} changed: {rule.description}"))
    return changes
