"""Row rules of a contract, derived twice from the one predicate: as a mask over Arrow and as a Spark SQL expression.

The predicate language is the part of SQL that both sides share: and/or/not, comparison, `is [not] null`,
`[not] in (...)`, `between`, + - * /, abs, length, literals, columns. Nulls follow SQL's three-valued logic; a rule
holds unless it is plainly false, and an unknown (null) answer counts as broken, so a predicate says what null means.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from lakehouse.contracts.model import Dataset, Rule, Severity

Columns = dict[str, Any]


def row_checks(dataset: Dataset, severity: Severity | None = None) -> tuple[Rule, ...]:
    """The dataset's row rules in the contract's order; the position is the rule's bit."""
    return dataset.row_rules(severity)


@cache
def parse(predicate: str) -> exp.Expression:
    """Predicate text -> syntax tree. Raises ValueError with the text and the parser's complaint."""
    try:
        return sqlglot.parse_one(predicate, read="spark")
    except sqlglot.errors.ParseError as error:
        raise ValueError(
            f"Rule `{predicate}` is not a SQL predicate: {str(error).splitlines()[0]}"
        ) from error


def spark_sql(predicate: str) -> str:
    """The predicate as Spark SQL that is never null: broken or unknown is false."""
    return f"coalesce({parse(predicate).sql(dialect='spark')}, false)"


def columns_of(predicate: str) -> tuple[str, ...]:
    """Names of the columns that the predicate reads, in order of first use."""
    return tuple(dict.fromkeys(c.name for c in parse(predicate).find_all(exp.Column)))


def mask(predicate: str, table: pa.Table | Columns) -> pa.Array | pa.ChunkedArray:
    """Boolean mask (length of the table, no nulls): true where the predicate holds."""
    held = _evaluate(parse(predicate), table)
    return pc.fill_null(held, False)


def _evaluate(node: exp.Expression, table: pa.Table | Columns) -> Any:
    for kind, evaluate in _NODES.items():
        if isinstance(node, kind):
            return evaluate(node, table)
    raise ValueError(
        f"Rule part `{node.sql()}` ({type(node).__name__}) is outside the language of row rules."
    )


def _binary(function: Callable) -> Callable:
    return lambda node, table: function(_evaluate(node.this, table), _evaluate(node.expression, table))


def _in(node: exp.In, table) -> Any:
    values = [_literal(v) for v in node.expressions]
    tested = _evaluate(node.this, table)
    found = pc.is_in(tested, value_set=pa.array(values))
    return pc.if_else(pc.is_valid(tested), found, None)


def _between(node: exp.Between, table) -> Any:
    value = _evaluate(node.this, table)
    low, high = _evaluate(node.args["low"], table), _evaluate(node.args["high"], table)
    return pc.and_kleene(pc.greater_equal(value, low), pc.less_equal(value, high))


def _literal(node: exp.Expression, _table=None) -> Any:
    if isinstance(node, exp.Neg):
        return -_literal(node.this)
    return node.this if node.is_string else float(node.this) if "." in node.this else int(node.this)


_NODES: dict[type[exp.Expression], Callable] = {
    exp.Paren: lambda n, t: _evaluate(n.this, t),
    exp.And: _binary(pc.and_kleene),
    exp.Or: _binary(pc.or_kleene),
    exp.Not: lambda n, t: pc.invert(_evaluate(n.this, t)),
    exp.Is: lambda n, t: pc.is_null(_evaluate(n.this, t)),
    exp.In: _in,
    exp.Between: _between,
    exp.EQ: _binary(pc.equal),
    exp.NEQ: _binary(pc.not_equal),
    exp.GT: _binary(pc.greater),
    exp.GTE: _binary(pc.greater_equal),
    exp.LT: _binary(pc.less),
    exp.LTE: _binary(pc.less_equal),
    exp.Add: _binary(pc.add),
    exp.Sub: _binary(pc.subtract),
    exp.Mul: _binary(pc.multiply),
    exp.Div: _binary(pc.divide),
    exp.Abs: lambda n, t: pc.abs(_evaluate(n.this, t)),
    exp.Length: lambda n, t: pc.utf8_length(_evaluate(n.this, t)),
    exp.Neg: lambda n, t: pc.negate(_evaluate(n.this, t)),
    exp.Boolean: lambda n, t: pa.scalar(bool(n.this)),
    exp.Literal: lambda n, t: pa.scalar(_literal(n)),
    exp.Column: lambda n, t: t[n.name],
}
