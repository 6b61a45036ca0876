import re

import pytest

from lakehouse.contracts.origin import WORST_FIRST, worst
from lakehouse.settings import CHECKOUT


def test_what_is_made_up_marks_all_that_is_made_of_it():
    assert worst(["operational", "synthetic", "public_reference"]) == "synthetic"
    assert worst(["public_reference", "test_vector"]) == "test_vector"
    assert worst(["operational"]) == "operational"
    with pytest.raises(ValueError):
        worst(["mixed"])


def test_gold_knows_the_same_order():
    macro = (CHECKOUT / "dbt_project" / "macros" / "worst_origin.sql").read_text("utf-8")
    order = re.search(r"in \[(.*?)\]", macro).group(1).replace("'", "").split(", ")
    assert (*order, "operational") == WORST_FIRST
