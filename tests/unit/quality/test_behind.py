"""Reconciliation says which table is behind what it is made of, and takes upkeep for no change."""

from datetime import UTC, datetime

import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from publishing import serving
from quality import decisions, held_rows
from quality.accounts import behind
from tests.support.received import PRSA, deliver
from tests.support.silver_lake import build, hours_of_gold

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
AIR = contracts()["environment__air_quality"]
BRONZE, SILVER, HOURS, GOLD = f"bronze.{PRSA}", AIR.table, f"{AIR.table}_hourly", "gold.fct_air_quality_hourly"


@pytest.fixture
def lake(home, tmp_path):
    """Silver built from one delivery, gold noted as built from it and served."""
    deliver(tmp_path, [{"at": AT, "PM2.5": 35}, {"at": AT.replace(hour=4), "PM2.5": -1}])
    build()
    gold_is_built()
    tables.replace(GOLD, hours_of_gold())
    serving.run(serving.plan())
    return tmp_path


def gold_is_built() -> None:
    with outcomes.step("gold", "gold", {name: tables.version(name) for name in (SILVER, HOURS)} | {"definitions": "d"}):
        pass


def told() -> list[str]:
    return [*behind.sentences([AIR]), *behind.of_serving_file()]


def test_nothing_is_behind_and_upkeep_changes_nothing(lake):
    assert told() == []
    deliver(lake, [{"at": AT.replace(hour=5), "PM2.5": 36}], "more.csv")
    build()
    gold_is_built()
    before = {name: tables.version(name) for name in (BRONZE, SILVER)}
    for name in before:
        tables.open_table(name).optimize.compact()
        tables.open_table(name).vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert all(tables.version(name) > version for name, version in before.items()) and told() == []


def test_silver_behind_bronze_then_gold_behind_silver_then_pages_behind_gold(lake):
    deliver(lake, [{"at": AT.replace(hour=h), "PM2.5": 36} for h in (5, 6)], "more.csv")
    assert told() == [f"{SILVER} was built from version 0 of {BRONZE}, now at version 1: 2 records wait; `lake run` brings them."]
    build()
    assert told() == [
        f"Gold was built from version 0 of {name}, now at version 1; `lake run` brings the difference."
        for name in (SILVER, HOURS)
    ]
    gold_is_built()
    tables.replace(GOLD, hours_of_gold())
    assert told() == [
        f"Pages and dashboards hold version 0 of {GOLD}, now at version 1; `lake run` serves it when the gates pass."
    ]
    serving.run(serving.plan())
    assert told() == []


def test_a_decision_that_silver_was_not_built_with_is_told_until_it_is(lake):
    (row,) = held_rows.held()
    decisions.decide(AIR.id, row.hold_id, "fix", "typing error", AT.replace(hour=4), {"value": 1.0})
    assert told() == [f"{SILVER} was built without 1 decisions of stewards; `lake quarantine replay` brings them."]
    decisions.decide(AIR.id, row.hold_id, "undo", "it is real", AT.replace(hour=4))
    assert told() == []


def test_bronze_of_which_silver_knows_nothing_is_told(home, tmp_path):
    deliver(tmp_path, [{"at": AT, "PM2.5": 35}])
    assert told() == [f"{SILVER} has nothing yet of {BRONZE}, now at version 0: 1 records wait; `lake run` brings them."]
