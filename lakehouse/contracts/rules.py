"""Quality rules of a contract: those that it writes and those that its columns imply -> `Rule`."""

from collections.abc import Iterator
from typing import Any, get_args

from open_data_contract_standard.model import CustomProperty, DataQuality

from lakehouse.contracts.model import Field, Rule, Severity
from lakehouse.contracts.yaml_file import ContractError

LIMITS = {"mustBe", "mustBeGreaterThan", "mustBeLessThan"}


def custom(properties: list[CustomProperty] | None) -> dict[str, Any]:
    """Custom properties as a mapping."""
    return {p.property: p.value for p in properties or [] if p.property}


def implied(field: Field) -> Iterator[Rule]:
    """Rules of `required` and of the bounds in `logicalTypeOptions`."""
    if field.required:
        predicate, words = f"{field.name} is not null", f"{field.name} must be present."
        yield Rule(f"{field.name}_required", "row", predicate, "error", "completeness", words, field.name, {})
    bounds = _bounds(field)
    if bounds:
        held = " and ".join(f"{field.name} {sign} {limit}" for sign, limit in bounds)
        words = f"{field.name_en} must be {_in_words(bounds)}{f' {field.unit}' if field.unit else ''}."
        predicate = f"{field.name} is null or ({held})"
        yield Rule(f"{field.name}_in_range", "row", predicate, "error", "accuracy", words, field.name, {})


def leaving_out(field: Field) -> Rule:
    """The rule of a column that says `unreadable: warning`."""
    words = f"The text of {field.name_en} is no {field.logical_type}; it is left out, and the row counts without it."
    return Rule(f"{field.name}_unreadable", "reading", "", "warning", "conformity", words, field.name, {})


def _bounds(field: Field) -> list[tuple[str, Any]]:
    given = {">=": field.options.get("minimum"), "<=": field.options.get("maximum")}
    return [(sign, limit) for sign, limit in given.items() if limit is not None]


def _in_words(bounds: list[tuple[str, Any]]) -> str:
    return " and ".join(f"{'at least' if sign == '>=' else 'at most'} {limit}" for sign, limit in bounds)


def of_column(quality: dict[str, Any], column: str) -> dict[str, Any]:
    """A quality entry of a shared field for one column: `{column}` in its texts becomes the column's name."""
    return {key: value.replace("{column}", column) if isinstance(value, str) else value for key, value in quality.items()}


def written(raw: DataQuality, field: str | None, place: str) -> Rule:
    """One quality entry of a column (`field`) or of the table.

    `custom` rules of the engines `row` and `group`, and the library metric `invalidValues` with `mustBe: 0`,
    are row rules; all others are aggregates for the gates. Raises ContractError for an unknown severity.
    """
    name = raw.name or f"{field or 'table'}_{raw.metric or raw.engine or raw.type}"
    severity: Any = raw.severity
    if severity not in get_args(Severity):
        raise ContractError(f"{place}: rule {name}: severity {severity!r}; write error or warning.")
    kind, predicate, arguments = _meaning(raw, field)
    words = raw.description or name
    return Rule(name, kind, predicate, severity, raw.dimension or "conformity", words, field, arguments)


def _meaning(raw: DataQuality, field: str | None):
    given = raw.arguments or {}
    if raw.type == "custom" and raw.engine in ("row", "group"):
        return raw.engine, str(raw.implementation), {**given, **custom(raw.customProperties)}
    if raw.metric == "invalidValues" and raw.mustBe == 0 and "validValues" in given:
        values = ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in given["validValues"])
        return "row", f"{field} is null or {field} in ({values})", given
    limits = raw.model_dump(include=LIMITS, exclude_none=True)
    return "aggregate", raw.query or raw.metric or "", {**given, **limits}
