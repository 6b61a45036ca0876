"""Row rules of a contract, derived twice from the one predicate: as a mask over Arrow and as Spark SQL.

The predicate language is the part of SQL that both sides share: and/or/not, comparison, `is [not] null`,
`[not] in (...)`, `between`, `rlike`, + - *, abs, length, substring(text, from, length), literals, columns (no division:
engines disagree about zero), and the functions of `functions`, such as is_citizen_number(column). A pattern of `rlike` is
written without backslash, which engines read differently, and means the same in RE2 and Java.
Nulls follow SQL's three-valued logic; an unknown (null) answer counts as broken, so a predicate says what
null means. Numbers with a point are doubles on both sides. Columns hold no NaN: what is no number is null.
"""
# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported, so no checker sees them)

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.contracts.derive.functions import FUNCTIONS, Function
from lakehouse.contracts.derive.patterns import in_java

Columns = pa.Table | Mapping[str, Any]


@cache
def parse(predicate: str) -> exp.Expr:
    """Predicate text -> syntax tree. Raises ValueError with the text and the parser's complaint."""
    try:
        return sqlglot.parse_one(predicate, read="spark")
    except SqlglotError as error:
        raise ValueError(f"`{predicate}` is not a SQL predicate: {str(error).splitlines()[0]}") from error


def spark_sql(predicate: str, columns: Mapping[str, str] | None = None) -> str:
    """The predicate as Spark SQL that is never null: broken or unknown is false.

    `columns` gives the expression that stands for a column, where it is not simply the column of that name.
    """

    def fitted(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and columns:
            return exp.paren(sqlglot.parse_one(columns[node.name], read="spark"))
        if isinstance(node, exp.Anonymous):
            function, given = _function(node)
            plain = function.sql(*(argument.transform(fitted).sql(dialect="spark") for argument in given))
            return exp.Var(this=f"({plain})")
        if isinstance(node, exp.RegexpLike):
            return exp.RegexpLike(this=node.this, expression=exp.Literal.string(in_java(_pattern(node))))
        return _as_double(node)

    return f"coalesce({parse(predicate).transform(fitted).sql(dialect='spark')}, false)"


def columns_of(predicate: str) -> tuple[str, ...]:
    """Names of the columns that the predicate reads, in order of first use."""
    return tuple(dict.fromkeys(c.name for c in parse(predicate).find_all(exp.Column)))


def mask(predicate: str, table: Columns) -> Any:
    """Boolean Arrow array (length of the table, no nulls): true where the predicate holds.

    Raises ValueError for a predicate outside the language, ArrowException where types do not fit.
    """
    return pc.fill_null(_evaluate(parse(predicate), table), False)


def _function(node: exp.Anonymous) -> tuple[Function, list[exp.Expr]]:
    function = FUNCTIONS.get(node.name.lower())
    if function is None or len(node.expressions) != function.arguments:
        raise _outside(node)
    return function, node.expressions


def _called(node: exp.Anonymous, table: Columns) -> Any:
    function, given = _function(node)
    return function.arrow(*(_evaluate(argument, table) for argument in given))


def _evaluate(node: exp.Expr, table: Columns) -> Any:
    evaluate = _NODES.get(type(node))
    if evaluate is None:
        raise _outside(node)
    return evaluate(node, table)


def _outside(node: exp.Expr) -> ValueError:
    return ValueError(f"`{node.sql('spark')}` ({type(node).__name__}) is outside the language of row rules.")


def _binary(function: Callable) -> Callable:
    return lambda node, table: function(_evaluate(node.this, table), _evaluate(node.expression, table))


def _is_null(node: exp.Expr, table: Columns) -> Any:
    if not isinstance(node.expression, exp.Null):
        raise _outside(node)
    return pc.is_null(_evaluate(node.this, table))


def _in(node: exp.Expr, table: Columns) -> Any:
    values = [_literal(v) for v in node.expressions]
    if not values:
        raise _outside(node)
    tested = _evaluate(node.this, table)
    if isinstance(values[0], str):
        found = pc.is_in(tested, value_set=pa.array(values, pa.string()))
    else:
        found = pc.is_in(pc.cast(tested, pa.float64()), value_set=pa.array(values, pa.float64()))
    return pc.if_else(pc.is_valid(tested), found, None)


def _between(node: exp.Expr, table: Columns) -> Any:
    value = _evaluate(node.this, table)
    low, high = _evaluate(node.args["low"], table), _evaluate(node.args["high"], table)
    return pc.and_kleene(pc.greater_equal(value, low), pc.less_equal(value, high))


def _substring(node: exp.Expr, table: Columns) -> Any:
    """Places count from 1, and both are given as numbers."""
    bounds = [_literal(node.args[key]) if node.args.get(key) else None for key in ("start", "length")]
    start, length = bounds
    if not (isinstance(start, int) and isinstance(length, int) and start >= 1 and length >= 0):
        raise _outside(node)
    return pc.utf8_slice_codeunits(_evaluate(node.this, table), start - 1, start - 1 + length)


def _rlike(node: exp.Expr, table: Columns) -> Any:
    return pc.match_substring_regex(_evaluate(node.this, table), _pattern(node))


def _pattern(node: exp.Expr) -> str:
    pattern = _literal(node.expression)
    if not isinstance(pattern, str) or "\\" in pattern:
        raise _outside(node)
    return pattern


def _literal(node: exp.Expr) -> str | float | int:
    if isinstance(node, exp.Neg) and isinstance(number := _literal(node.this), int | float):
        return -number
    if not isinstance(node, exp.Literal):
        raise _outside(node)
    return node.this if node.is_string else float(node.this) if _has_point(node) else int(node.this)


def _has_point(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and not node.this.isdecimal()


def _as_double(node: exp.Expr) -> exp.Expr:
    """SQL takes 0.1 for a decimal and computes with it otherwise than with a double."""
    return exp.cast(node, "double") if _has_point(node) else node


_NODES: dict[type[exp.Expr], Callable] = {
    exp.Paren: lambda n, t: _evaluate(n.this, t),
    exp.And: _binary(pc.and_kleene),
    exp.Or: _binary(pc.or_kleene),
    exp.Not: lambda n, t: pc.invert(_evaluate(n.this, t)),
    exp.Is: _is_null,
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
    exp.Abs: lambda n, t: pc.abs(_evaluate(n.this, t)),
    exp.Length: lambda n, t: pc.utf8_length(_evaluate(n.this, t)),
    exp.RegexpLike: _rlike,
    exp.Substring: _substring,
    exp.Anonymous: _called,
    exp.Neg: lambda n, t: pc.negate(_evaluate(n.this, t)),
    exp.Boolean: lambda n, t: pa.scalar(bool(n.this)),
    exp.Literal: lambda n, t: pa.scalar(_literal(n)),
    exp.Column: lambda n, t: t[n.name],
}
