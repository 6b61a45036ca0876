"""Source mapping and rules -> Spark SQL expressions. Text in, text out; names quoted, values as literals."""

import contextlib
from collections.abc import Mapping

from lakehouse import reference
from lakehouse.contracts import Dataset, Rule, Source
from lakehouse.contracts.derive.row_checks import spark_sql

NUMBER = r"^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$"
SEPARATOR = "char(30)"
"""Between the problems of one row; ASCII's own separator of records."""
ITEM = "struct<code string, value string, unit string, flag string, reason string>"
PAYLOAD = (
    "from_json(payload, 'device string, period string, resent boolean,"
    f" items array<{ITEM}>, meta struct<refused_items array<{ITEM}>>')"
)


def literal(value: object) -> str:
    """A SQL literal; text is quoted and escaped, null is null."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def name(column: str) -> str:
    return f"`{column.replace('`', '``')}`"


def one_of(values) -> str:
    return f"({', '.join(literal(v) for v in values)})"


def mapped(expression: str, mapping: Mapping[str, object], kind: str = "string") -> str:
    """The mapping's value for the expression; null where it has none."""
    if not mapping:
        return f"cast(null as {kind})"
    pairs = ", ".join(f"{literal(k)}, cast({literal(v)} as {kind})" for k, v in mapping.items())
    return f"try_element_at(map({pairs}), {expression})"


def present(expression: str, source: Source) -> str:
    """Trimmed text, null where it is one of the source's words for missing."""
    missing = one_of(source.format.missing if source.format else [""])
    return f"nullif(case when trim({expression}) in {missing} then '' else trim({expression}) end, '')"


def number(text: str) -> str:
    return f"case when {text} rlike '{NUMBER}' then cast({text} as double) end"


def converted(value: str, unit_from: str | None, unit_to: str | None) -> str:
    """The value in another unit; the same arithmetic, in the same order, as the kernel's."""
    if unit_from is None or unit_to is None or unit_from == unit_to:
        return value
    c = reference.conversion(unit_from, unit_to)
    return f"(({value} + {c.before}D) * {c.multiply}D / {c.divide}D + {c.after}D)"


def in_unit(value: str, sent: str, wanted: str) -> tuple[str, str]:
    """The value in the wanted unit, `sent` being an expression of the unit it has, and when that unit does not fit."""
    cases: dict[str, str] = {}
    for unit in sorted(set(reference.unit_codes().values())):
        with contextlib.suppress(ValueError):
            cases[unit] = converted(value, unit, wanted)
    whens = " ".join(f"when {literal(unit)} then {text}" for unit, text in cases.items())
    return f"case {sent} {whens} else {value} end", f"{sent} is not null and {sent} not in {one_of(cases)}"


def unit_code(sent: str, declared: str) -> str:
    """UCUM code of the unit as sent, else the declared one."""
    return f"coalesce({mapped(sent, reference.unit_codes())}, {sent}, {declared})"


def group_rule(rule: Rule) -> str:
    """A group rule as an expression over winners: true where the row takes part in a group that breaks it."""
    by, pivot, value, flags = (rule.arguments[k] for k in ("by", "pivot", "value", "flags"))
    window = f"over (partition by {', '.join(name(b) for b in by)})"
    side_by_side = {code: f"max(case when {name(pivot)} = {literal(code)} then {name(value)} end) {window}" for code in flags}
    return f"{name(pivot)} in {one_of(flags)} and not {spark_sql(rule.predicate, side_by_side)}"


def failed_checks(rules: tuple[Rule, ...]) -> str:
    """Array of (field, check, message): the problems of a row that does not resolve, else the broken rules."""
    part = "split(p, '\\\\|', 3)"
    problem = f"transform(split(_problem, {SEPARATOR}), p -> {_check(f'{part}[1]', f'{part}[0]', f'{part}[2]')})"
    found = f"filter(array({', '.join(map(_broken, rules))}), c -> c is not null)"
    return f"case when _problem is not null then {problem} else {found} end"


def _broken(rule: Rule) -> str:
    check = _check(literal(rule.field or "row"), literal(rule.name), literal(rule.description))
    return f"case when not {spark_sql(rule.predicate)} then {check} end"


def _check(field: str, check: str, message: str) -> str:
    return f"named_struct('field', {field}, 'check', {check}, 'message', {message})"


def warnings(dataset: Dataset) -> str:
    """Names of broken warning rules and `waived`, joined by commas; null when there are none."""
    rows = [f"case when not {spark_sql(r.predicate)} then {literal(r.name)} end" for r in dataset.row_rules("warning")]
    groups = [f"case when {group_rule(r)} then {literal(r.name)} end" for r in dataset.rules if r.kind == "group"]
    return f"nullif(concat_ws(',', {', '.join([*rows, *groups, waived_word()])}), '')"


def waived_word() -> str:
    return "case when _waived then 'waived' end"
