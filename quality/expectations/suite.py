"""Contract -> expectations on the whole table: what is measured of it and between which bounds the figure must lie. Pure.

Rules of silver's rows are not repeated here: they have sorted every row already. Rules of gold's rows are identities
of the marts: the rows that break one are counted, and there must be none.
"""

from dataclasses import dataclass, replace
from typing import Literal

from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive import arrow_schema
from quality import promises

NONE = {"min_value": 0, "max_value": 0}
Measure = Literal["lacking_columns", "rows", "unfilled", "broken", "age", "answer"]


@dataclass(frozen=True)
class Expected:
    """One expectation: the figure that is measured, its bounds, and what it means to the steward.

    measure, of what: `lacking_columns` (of these names), `rows`, `unfilled` rows (of these columns), rows `broken` (of this
    predicate), `age` of the newest row in hours (by this column), the `answer` of this query.
    `is_waivable`: rows that a steward's waiver let pass may break it.
    """

    check: str
    measure: Measure
    of: tuple[str, ...]
    bounds: dict[str, float]
    severity: str
    expected: str
    message: str
    is_waivable: bool = False


def expectations(dataset: Dataset) -> list[Expected]:
    """The dataset's suite, in a fixed order. Raises ValueError naming a rule that no expectation stands for."""
    return [_columns(dataset), *_filled(dataset), *_identities(dataset), *_fresh(dataset), *map(aggregate, _aggregates(dataset))]


def _columns(dataset: Dataset) -> Expected:
    names = arrow_schema(dataset).names
    words = "The table has every column of its contract."
    return Expected("columns_as_contracted", "lacking_columns", tuple(names), NONE, "error", f"{len(names)} columns", words)


def _filled(dataset: Dataset) -> list[Expected]:
    """Required columns of gold hold no null."""
    required = tuple(f.name for f in dataset.fields if f.required)
    if dataset.layer != "gold" or not required:
        return []
    words = "Every column that the contract requires is filled."
    return [Expected("required_filled", "unfilled", required, NONE, "error", "0 rows", words)]


def _identities(dataset: Dataset) -> list[Expected]:
    return [
        Expected(r.name, "broken", (r.predicate,), NONE, r.severity, "0 rows", r.description, r.name == f"{r.field}_in_range")
        for r in _own_row_rules(dataset)
    ]


def _own_row_rules(dataset: Dataset) -> list[Rule]:
    """Row rules of gold and of registers, which no step before the gates has checked, but those that say only that a
    column is required (counted together)."""
    required = {f"{f.name}_required" for f in dataset.fields}
    is_unchecked = dataset.layer == "gold" or dataset.engine == "register"
    return [r for r in dataset.row_rules() if r.name not in required] if is_unchecked else []


def _fresh(dataset: Dataset) -> list[Expected]:
    limit, key = promises.oldest_newest_row(dataset), promises.time_key(dataset)
    if limit is None or key is None:
        return []
    message = f"The newest row is at most {limit:g} h old: what the contract promises by frequency and latency."
    return [Expected("fresh", "age", (key.name,), {"max_value": limit}, "warning", f"<= {limit:g} h", message)]


def _aggregates(dataset: Dataset) -> list[Rule]:
    return [r for r in dataset.rules if r.kind == "aggregate"]


def aggregate(rule: Rule) -> Expected:
    """The number of rows or a query of the contract with its bound."""
    bounds, words = _bounds(rule)
    asked = Expected(rule.name, "answer", (rule.predicate,), bounds, rule.severity, words, rule.description)
    if rule.predicate == "rowCount":
        return replace(asked, measure="rows", of=(), expected=f"{words} rows")
    if not rule.predicate.lower().lstrip().startswith("select"):
        raise ValueError(f"Rule {rule.name}: the gates know no metric {rule.predicate!r}; write rowCount or a query (type: sql).")
    return asked


def _bounds(rule: Rule) -> tuple[dict[str, float], str]:
    """mustBe, mustBeGreaterThan, mustBeLessThan of whole numbers -> min_value and max_value, and in words."""
    given = rule.arguments
    bounds, words = {}, []
    if "mustBe" in given:
        return {"min_value": given["mustBe"], "max_value": given["mustBe"]}, str(given["mustBe"])
    if "mustBeGreaterThan" in given:
        bounds["min_value"] = int(given["mustBeGreaterThan"]) + 1
        words.append(f"> {given['mustBeGreaterThan']}")
    if "mustBeLessThan" in given:
        bounds["max_value"] = int(given["mustBeLessThan"]) - 1
        words.append(f"< {given['mustBeLessThan']}")
    if not bounds:
        raise ValueError(f"Rule {rule.name}: an aggregate rule needs mustBe, mustBeGreaterThan or mustBeLessThan.")
    return bounds, " and ".join(words)
