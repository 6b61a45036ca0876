"""What an analyst finds in the serving file beside the tables: a question per table, and the wide view of a long one."""

from pathlib import Path

import pandas as pd
import pytest

from lakehouse import tables
from lakehouse.commands import sql
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.settings import CHECKOUT
from publishing import serving
from tests.support import gold_fixture


@pytest.fixture
def served(home: Path):
    """Two real stations in January 2017; tables that the fixture does not make are there and empty."""
    gold_fixture.write(home, CHECKOUT / "samples" / "prsa", start="2017-01-01", end="2017-01-31")
    for dataset in contracts().of_layer("gold"):
        if not tables.exists(dataset.table):
            tables.replace(dataset.table, arrow_schema(dataset).empty_table())
    serving.run(serving.plan())


def test_every_gold_table_has_a_question_that_it_answers(served, capsys):
    lines = "\n".join(sql.questions()).splitlines()
    asked = [line.removeprefix('lake sql "').removesuffix('"') for line in lines if line.startswith("lake sql")]
    assert len(asked) == len(contracts().of_layer("gold"))
    for question in asked:
        sql.over_serving_file().sql(question).fetchall()
    sql.sql(examples=True)
    assert "# gold.agg_air_quality_daily: one row is" in capsys.readouterr().out


def test_the_wide_view_holds_each_value_of_the_long_table_once(served):
    wide = sql.over_serving_file().sql("from wide.fct_air_quality_hourly").df()
    long = tables.read("gold.fct_air_quality_hourly").to_pandas()
    assert not wide.duplicated(["station_id", "hour_at"]).any()
    expected = long.pivot(index=["station_id", "hour_at"], columns="pollutant_code", values="value")
    found = wide.set_index(["station_id", "hour_at"]).sort_index()[list(expected.columns)]
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_index_type=False)
    assert list(wide.columns[:2]) == ["station_id", "hour_at"] and wide.columns[-6] == "pm25"
