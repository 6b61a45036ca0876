"""The two derivations of a row rule agree: the Arrow mask, and the SQL text as DuckDB evaluates it."""

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.derive import mask, spark_sql
from lakehouse.contracts.derive.row_checks import columns_of

NUMBERS, TEXTS = ("n", "x"), ("s", "t")
WORDS = ["", "ok", "missing", "MISSING", "ok ", "污染", "é"]
ROWS = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-3, 3),
        "x": st.none() | st.integers(-12, 12).map(lambda quarter: quarter / 4),
        "s": st.none() | st.sampled_from(WORDS),
        "t": st.none() | st.sampled_from(WORDS),
    }
)
SCHEMA = pa.schema([("n", pa.int64()), ("x", pa.float64()), ("s", pa.string()), ("t", pa.string())])
SIGNS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])

number = st.sampled_from([*NUMBERS, "0", "1", "-2", "0.5", "1.0", "-0.25", "abs(n)", "abs(x)", "length(s)", "-x"])
number = st.recursive(number, lambda n: st.tuples(n, st.sampled_from("+-*"), n).map(lambda p: f"({' '.join(p)})"), max_leaves=3)
text = st.sampled_from([*TEXTS, "'ok'", "'missing'", "'污染'"])
is_not = st.sampled_from(["", "not "])
whole = st.lists(st.integers(-3, 3), min_size=1, max_size=3)
halves = st.lists(st.sampled_from(["0.5", "-1.5", "2.0"]), min_size=1, max_size=3)
atom = st.one_of(
    st.tuples(number, SIGNS, number).map(" ".join),
    st.tuples(text, SIGNS, text).map(" ".join),
    st.tuples(st.sampled_from([*NUMBERS, *TEXTS]), is_not).map(lambda p: f"{p[0]} is {p[1]}null"),
    st.tuples(number, is_not, number, number).map(lambda p: f"{p[0]} {p[1]}between {p[2]} and {p[3]}"),
    st.tuples(st.sampled_from(NUMBERS), is_not, whole | halves).map(lambda p: f"{p[0]} {p[1]}in ({', '.join(map(str, p[2]))})"),
    st.tuples(st.sampled_from(TEXTS), is_not, st.lists(st.sampled_from(WORDS), min_size=1)).map(
        lambda p: f"{p[0]} {p[1]}in ({', '.join(map(repr, p[2]))})"
    ),
)
predicates = st.recursive(
    atom,
    lambda p: st.one_of(
        st.tuples(p, st.sampled_from(["and", "or"]), p).map(lambda q: f"({' '.join(q)})"),
        p.map(lambda q: f"not ({q})"),
    ),
    max_leaves=5,
)


def by_duckdb(predicate: str, rows: pa.Table) -> list[bool]:
    (sql,) = sqlglot.transpile(spark_sql(predicate), read="spark", write="duckdb")
    return [held for (held,) in duckdb.sql(f"select {sql} from rows").fetchall()]


@settings(max_examples=400)
@given(predicate=predicates, rows=st.lists(ROWS, min_size=1, max_size=8))
def test_mask_and_sql_agree_on_random_rows_and_rules(predicate, rows):
    table = pa.Table.from_pylist(rows, SCHEMA)
    held = mask(predicate, table)
    assert (held.to_pylist() if len(columns_of(predicate)) else [held.as_py()] * len(rows)) == by_duckdb(predicate, table)


@pytest.mark.parametrize(
    ("predicate", "held"),
    [
        ("x is null or x >= 0", [True, True, False]),
        ("x >= 0", [False, True, False]),
        ("not (x >= 0)", [False, False, True]),
        ("x > 0 or s = 'ok'", [True, True, False]),
        ("x > 0 and s = 'ok'", [False, False, False]),
        ("s not in ('ok')", [False, False, True]),
    ],
)
def test_an_unknown_answer_counts_as_broken(predicate, held):
    rows = pa.table({"x": [None, 1.0, -1.0], "s": ["ok", None, "missing"]})
    assert mask(predicate, rows).to_pylist() == held and by_duckdb(predicate, rows) == held


def test_a_tenth_is_a_double_on_both_sides():
    rows = pa.table({"n": [3]})
    assert mask("n * 0.1 = 0.3", rows).to_pylist() == [False] and by_duckdb("n * 0.1 = 0.3", rows) == [False]
    assert "CAST(0.1 AS DOUBLE)" in spark_sql("n * 0.1 = 0.3")


def test_columns_may_be_given_as_expressions_whatever_their_names_share():
    text = spark_sql("pm1 <= pm10", {"pm1": "max(a)", "pm10": "max(b)"})
    assert text == "coalesce((MAX(a)) <= (MAX(b)), false)"


@pytest.mark.parametrize(
    "predicate",
    [
        "x is true",
        "x / 2 > 1",
        "x in (n)",
        "x in (null)",
        "x = null",
        "s like 'o%'",
        "x > 1; drop table a",
        "select 1",
        "x in ()",
    ],
)
def test_what_is_outside_the_language_is_refused(predicate):
    rows = pa.table({"x": [1.0], "n": [1], "s": ["ok"]})
    with pytest.raises(ValueError, match="is outside the language of row rules"):
        mask(predicate, rows)


@pytest.mark.parametrize("predicate", ["x >", "x = 'ok", ""])
def test_what_is_no_sql_is_refused_with_the_text(predicate):
    with pytest.raises(ValueError, match=f"^`{predicate}` is not a SQL predicate: "):
        mask(predicate, pa.table({"x": [1.0]}))
