"""Differences of two states of a table, found from the files that only one of them has."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from quality import changes

FORECASTS = contracts()["fct_pm25_forecasts"]
AT = datetime(2016, 5, 1, tzinfo=UTC)


def rows(*values: tuple[int, float | None]) -> pa.Table:
    made = [
        {"station_id": "prsa-dongsi", "origin_at": AT, "horizon_hours": horizon, "predicted": value}
        for horizon, value in values
    ]  # fmt: skip
    return pa.Table.from_pylist(made, arrow_schema(FORECASTS))


def test_rows_are_added_removed_and_changed_by_key():
    found = changes.compare(FORECASTS, rows((1, 10.0), (2, 20.0), (3, None)), rows((1, 11.0), (3, None), (4, 40.0)))
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert [(c.kind, c.key["horizon_hours"], c.columns.get("predicted")) for c in found.rows] == [
        ("changed", 1, (10.0, 11.0)), ("removed", 2, (20.0, None)), ("added", 4, (None, 40.0)),
    ]  # fmt: skip


def test_values_of_added_and_removed_rows_stand_alone_and_changed_ones_beside_what_was():
    found = changes.compare(FORECASTS, rows((1, 10.0), (2, 20.0)), rows((1, 11.0), (4, 40.0)), shown=2)
    assert found.lines() == [
        f"{FORECASTS.table}: 1 rows added, 1 removed, 1 changed",
        "  changed  prsa-dongsi 2016-05-01 00:00 UTC 1: predicted 10.0 -> 11.0",
        "  removed  prsa-dongsi 2016-05-01 00:00 UTC 2: predicted 20.0",
        "  and 1 more rows",
    ]


def test_equal_states_are_no_change_and_null_equals_null():
    assert not changes.compare(FORECASTS, rows((1, None)), rows((1, None)))


@pytest.mark.parametrize("partition_by", [[], ["station_id"]])
def test_versions_are_compared_by_their_own_files(home, partition_by):
    tables.append(FORECASTS.table, rows((1, 10.0)), partition_by=partition_by)
    tables.append(FORECASTS.table, rows((2, 20.0)))
    found = changes.between_versions(FORECASTS, 0, 1)
    assert (found.added, found.removed, found.changed) == (1, 0, 0) and found.rows[0].key["station_id"] == "prsa-dongsi"
    assert changes.between_versions(FORECASTS, None, 1).added == 2
    assert not changes.between_versions(FORECASTS, 1, 1)


def test_only_the_first_rows_are_shown_but_all_are_counted():
    found = changes.compare(FORECASTS, rows(), rows(*((h, 1.0) for h in range(1, 20))), shown=3)
    assert found.added == 19 and [c.key["horizon_hours"] for c in found.rows] == [1, 2, 3]
