"""What the page on linkage calls columns and checks, in the reader's language."""

from functools import cache

from lakehouse.contracts import contracts
from portal.texts import Texts


def column_words(names: str, t: Texts) -> str:
    """`lon,lat` -> 经度、纬度: by the contracts, or by the texts where it is no column; empty where neither has one."""
    found = [t.known(f"injected.{name}", "") or t.pick(*_columns().get(name, ("", ""))) for name in names.split(",")]
    return t.pick("、", ", ").join(word for word in found if word)


def catcher_words(name: str, t: Texts) -> str:
    """What noticed an error: a way of joining or placing, a rule by its sentence, a column, or a plain phrase."""
    known = t.known(f"catcher.{name.replace(' ', '_')}", "") or t.known(f"desk.how.{name}", "")
    if known or " " in name:
        return known or t.said(name)
    rule = t.said(_rules().get(name)).rstrip(".。")
    return rule or t.known(f"attribute.{name}", "") or column_words(name, t) or name


@cache
def _columns() -> dict[str, tuple[str, str]]:
    """Column -> its Chinese and its English name, by the first contract that has it."""
    fields = [field for _, dataset in sorted(contracts().datasets.items()) for field in dataset.fields]
    return {field.name: (field.name_zh, field.name_en) for field in reversed(fields)}


@cache
def _rules() -> dict[str, str]:
    return {rule.name: rule.description for dataset in contracts().datasets.values() for rule in dataset.rules}
