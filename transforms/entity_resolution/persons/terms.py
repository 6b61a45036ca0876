"""Terms of the population register: contracts/rules/population-register.yaml."""

from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from lakehouse.contracts.yaml_file import read
from lakehouse.settings import CHECKOUT

RULES = CHECKOUT / "contracts" / "rules" / "population-register.yaml"


@cache
def terms(path: Path = RULES) -> dict[str, Any]:
    """The terms as written."""
    return read(path)


def show(base: duckdb.DuckDBPyConnection) -> None:
    """Make the table `terms` with one row: a column for each term."""
    ages = terms()["marriage_age"]
    known = {k: v for k, v in terms().items() if isinstance(v, int)} | {"age_of_men": ages["1"], "age_of_women": ages["2"]}
    columns = ", ".join(f"{value} as {name}" for name, value in known.items())
    base.execute(f"create or replace table terms as select {columns}")
