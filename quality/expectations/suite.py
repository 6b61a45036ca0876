"""Contract -> expectations on the whole table, and the columns that they are asserted on. Pure; needs no engine.

Rules of silver's rows are not repeated here: they have sorted every row already. Rules of gold's rows are identities
of the marts: each becomes a column that is 1 where the rule is broken, and its sum must be 0, so that all of them and
the columns that must be filled are answered by one pass over the table.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lakehouse.contracts import Dataset, Rule
from lakehouse.contracts.derive import arrow_schema, spark_sql
from quality import promises

SUM_IS_ZERO = "expect_column_sum_to_be_between"


@dataclass(frozen=True)
class Expected:
    """One expectation: its type and arguments as Great Expectations writes them, and what it means to the steward.

    `is_waivable`: rows that a steward's waiver let pass may break it.
    """

    check: str
    type: str
    kwargs: dict[str, Any]
    severity: str
    expected: str
    message: str
    is_waivable: bool = False


def expectations(dataset: Dataset) -> list[Expected]:
    """The dataset's suite, in a fixed order. Raises ValueError naming a rule that no expectation stands for."""
    return [_columns(dataset), *_filled(dataset), *_identities(dataset), *_fresh(dataset), *map(aggregate, _aggregates(dataset))]


def derived_columns(dataset: Dataset, as_of: datetime) -> dict[str, str]:
    """Column -> Spark SQL expression over a row of the table: what the suite sums and compares."""
    columns = {}
    if _filled(dataset):
        lacking = " or ".join(f"`{f.name}` is null" for f in dataset.fields if f.required)
        columns["_lacks_required"] = f"cast({lacking} as bigint)"
    columns |= {f"_breaks_{r.name}": f"cast(not {spark_sql(r.predicate)} as bigint)" for r in _own_row_rules(dataset)}
    if _fresh(dataset):
        start = f"unix_timestamp(cast(`{promises.time_key(dataset).name}` as timestamp))"
        columns["_age_hours"] = f"({as_of.timestamp():.0f} - {start}) / 3600D"
    return columns


def _columns(dataset: Dataset) -> Expected:
    names = arrow_schema(dataset).names
    return Expected(
        "columns_as_contracted", "expect_table_columns_to_match_set", {"column_set": names, "exact_match": False}, "error",
        f"{len(names)} columns", "The table has every column of its contract.",
    )  # fmt: skip


def _filled(dataset: Dataset) -> list[Expected]:
    """Required columns of gold hold no null."""
    if dataset.layer != "gold" or not any(f.required for f in dataset.fields):
        return []
    return [_zero("required_filled", "_lacks_required", "error", "Every column that the contract requires is filled.")]


def _identities(dataset: Dataset) -> list[Expected]:
    return [
        replace(_zero(r.name, f"_breaks_{r.name}", r.severity, r.description), is_waivable=r.name == f"{r.field}_in_range")
        for r in _own_row_rules(dataset)
    ]


def _own_row_rules(dataset: Dataset) -> list[Rule]:
    """Row rules of gold and of registers, which no step before the gates has checked, but those that say only that a
    column is required (counted together)."""
    required = {f"{f.name}_required" for f in dataset.fields}
    is_unchecked = dataset.layer == "gold" or dataset.engine == "register"
    return [r for r in dataset.row_rules() if r.name not in required] if is_unchecked else []


def _zero(check: str, column: str, severity: str, message: str) -> Expected:
    return Expected(check, SUM_IS_ZERO, {"column": column, "min_value": 0, "max_value": 0}, severity, "0 rows", message)


def _fresh(dataset: Dataset) -> list[Expected]:
    limit = promises.oldest_newest_row(dataset)
    if limit is None:
        return []
    message = f"The newest row is at most {limit:g} h old: what the contract promises by frequency and latency."
    kwargs = {"column": "_age_hours", "max_value": limit}
    return [Expected("fresh", "expect_column_min_to_be_between", kwargs, "warning", f"<= {limit:g} h", message)]


def _aggregates(dataset: Dataset) -> list[Rule]:
    return [r for r in dataset.rules if r.kind == "aggregate"]


def aggregate(rule: Rule) -> Expected:
    """A library metric or a query of the contract with its bound."""
    bounds, words = _bounds(rule)
    if rule.predicate == "rowCount":
        return Expected(
            rule.name, "expect_table_row_count_to_be_between", bounds, rule.severity, f"{words} rows", rule.description
        )
    if not rule.predicate.lower().lstrip().startswith("select"):
        raise ValueError(f"Rule {rule.name}: the gates know no metric {rule.predicate!r}; write rowCount or a query (type: sql).")
    holds = " and ".join(
        f"answer {sign} {bounds[side]}" for side, sign in (("min_value", ">="), ("max_value", "<=")) if side in bounds
    )
    query = f"select answer from ({rule.predicate}) as q(answer) where not coalesce({holds}, false)"
    kwargs = {"unexpected_rows_query": query}
    return Expected(rule.name, "unexpected_rows_expectation", kwargs, rule.severity, words, rule.description)


def _bounds(rule: Rule) -> tuple[dict[str, int], str]:
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
