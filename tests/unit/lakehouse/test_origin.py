import re

import duckdb
import pytest

from lakehouse.contracts.origin import WORST_FIRST, worst, worst_sql
from lakehouse.settings import CHECKOUT


def test_what_is_made_up_marks_all_that_is_made_of_it():
    assert worst(["operational", "synthetic", "public_reference"]) == "synthetic"
    assert worst(["public_reference", "test_vector"]) == "test_vector"
    assert worst(["operational"]) == "operational"


def test_the_same_as_an_aggregate_of_sql():
    said = "select unnest(['public_reference', 'test_vector', 'operational', 'synthetic']) as x"
    assert duckdb.sql(f"select {worst_sql('x')} from ({said})").fetchall() == [("synthetic",)]
    assert duckdb.sql(f"select {worst_sql('x')} from ({said}) where x <> 'synthetic'").fetchall() == [("test_vector",)]
    with pytest.raises(ValueError):
        worst(["mixed"])


def test_gold_knows_the_same_order():
    macro = (CHECKOUT / "dbt_project" / "macros" / "worst_origin.sql").read_text("utf-8")
    order = re.search(r"in \[(.*?)\]", macro).group(1).replace("'", "").split(", ")
    assert (*order, "operational") == WORST_FIRST
