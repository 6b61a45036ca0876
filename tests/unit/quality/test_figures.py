"""What the gates measure of a table and how the figures are judged; every figure here is counted by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from lakehouse import tables
from quality.expectations import figures
from quality.expectations.figures import Figure, measure
from quality.expectations.run import judge
from quality.expectations.suite import NONE, Expected

NAME = "gold.fct_made"
AS_OF = datetime(2015, 1, 2, 6, 30, tzinfo=UTC)
DAYS = [date(2014, 12, 30), None, date(2015, 1, 1), date(2014, 12, 31), date(2014, 12, 1)]
ROWS = pa.table({
    "month": pa.array([date(2014, 12, 1)] * 3 + [date(2015, 1, 1)] * 2),
    "day": pa.array(DAYS, pa.date32()),
    "stock": pa.array([5, 7, None, 9, 1], pa.int64()),
    "births": pa.array([1, 2, 3, None, 0], pa.int32()),
    "capital": pa.array([Decimal("1.50"), Decimal("-0.01"), None, Decimal("2.00"), Decimal("3.00")], pa.decimal128(18, 2)),
    "kind": pa.array(["a", None, "b", "c", "a"]),
})  # fmt: skip


def expected(measure_name: str, *of: str, bounds: dict | None = None) -> Expected:
    return Expected(f"{measure_name} {of}", measure_name, of, NONE if bounds is None else bounds, "error", "", "")


def figures_of(*suite: Expected) -> list[Figure]:
    return measure(NAME, tables.version(NAME), AS_OF, suite)


@pytest.fixture(params=[2, 100_000], ids=["batches of two rows", "one batch"])
def table(home, monkeypatch, request):
    monkeypatch.setattr(figures, "BATCH_ROWS", request.param)
    tables.replace(NAME, ROWS.slice(0, 2), partition_by=["month"])
    tables.append(NAME, ROWS.slice(2), partition_by=["month"])


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (expected("rows"), 5),
        (expected("unfilled", "stock", "births"), 2),  # the third and the fourth row
        (expected("unfilled", "month"), 0),
        (expected("broken", "stock >= 5"), 2),  # 1, and null, which nobody can say to be 5 or more
        (expected("broken", "stock is null or stock >= 5"), 1),
        (expected("broken", "stock = births + 4"), 4),
        (expected("broken", "capital is null or capital >= 0"), 1),
        (expected("broken", "kind in ('a', 'b')"), 2),
        (expected("age", "day"), 30.5),  # from the midnight that begins 1 January
        (expected("lacking_columns", "day", "stock"), 0),
        (expected("lacking_columns", "day", "town", "street"), 2),
    ],
    ids=lambda one: one.check if isinstance(one, Expected) else "",
)
def test_a_figure_is_what_is_counted_by_hand(table, one, value):
    assert figures_of(one)[0].value == value


def test_all_figures_of_a_suite_come_in_its_order(table):
    suite = [expected("broken", "births >= 2"), expected("lacking_columns", "day"), expected("rows"), expected("age", "day")]
    assert figures_of(*suite) == [Figure(3, "3"), Figure(0, "6 columns"), Figure(5, "5"), Figure(30.5, "30.5")]


def test_figures_are_those_of_the_version(table):
    before = tables.version(NAME)
    tables.append(NAME, ROWS, partition_by=["month"])
    assert measure(NAME, before, AS_OF, [expected("rows")]) == [Figure(5, "5")]
    assert figures_of(expected("rows")) == [Figure(10, "10")]


def test_of_an_empty_table_and_of_a_column_that_is_not_there_nothing_can_be_said(home):
    tables.replace(NAME, ROWS.slice(0, 0))
    suite = [expected("rows"), expected("broken", "stock >= 0"), expected("unfilled", "stock"), expected("broken", "height > 0")]
    found = figures_of(*suite)
    assert found == [Figure(0, "0"), *[Figure(None, "None")] * 3]
    assert judge(suite, found) == [True, False, False, False]


def test_a_query_is_asked_of_the_tables_and_one_without_an_answer_does_not_pass(table):
    suite = [
        expected("answer", f"select count(*) filter (kind = 'a') from {NAME}", bounds={"min_value": 2, "max_value": 2}),
        expected("answer", f"select sum(births) from {NAME}", bounds={"max_value": 5}),
        expected("answer", "select count(*) from gold.dim_nowhere"),
        expected("answer", f"select kind from {NAME}"),
    ]
    found = figures_of(*suite)
    assert [one.words for one in found[:2]] == ["2", "6"]
    assert all(one.value is None and one.words.startswith("no answer (") for one in found[2:])
    assert judge(suite, found) == [True, False, False, False]


def test_bounds_are_within():
    bounds = [{"min_value": 1}, {"max_value": 5}, NONE, {"min_value": 1}, NONE]
    suite = [expected("rows", bounds=one) for one in bounds]
    assert judge(suite, [Figure(v, "") for v in (1, 5.0, 0, 0, 1)]) == [True, True, True, False, False]
