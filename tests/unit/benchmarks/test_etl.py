"""The kernel and its peer in DuckDB give the same rows from the same generated bronze; no Spark."""

from datetime import date

import pytest

from benchmarks import edge_readings, etl, etl_duckdb
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan

READINGS = contracts()[etl.DATASET]


@pytest.fixture
def plan(home) -> Plan:
    edge_readings.land(40_000, packets_a_file=2_500)
    return etl.plan()


def with_duckdb(plan: Plan) -> None:
    files = [str(file) for file in tables.files(etl.source().bronze_table)]
    starts = [date.fromisoformat(start) for start in plan["slices"]]
    etl_duckdb.build(files, starts, etl.source(), READINGS, etl.parquet_folder())


def test_kernel_and_duckdb_give_the_same_rows(plan):
    with_duckdb(plan)
    peer = etl.contents()
    etl.kernel_alone(plan)
    assert etl.contents() == peer
    rows = {table: count for table, (count, _) in peer.items()}
    assert 38_000 < rows["silver"] < 40_000
    assert rows["quarantine"] > 50 and rows["hourly"] > 300


def test_generated_bronze_breaks_the_rules_that_it_should(plan):
    etl.kernel_alone(plan)
    held = {c["check"] for checks in tables.read(etl.OUTPUTS["quarantine"])["checks"].to_pylist() for c in checks}
    unresolved = {"value_is_number", "unit_fits", "code_known"}
    assert held >= unresolved | {"value_not_negative", "value_below_physical_limit", "flag_known"}
    silver = tables.read(etl.OUTPUTS["silver"], ["period", "_warnings"])
    assert set(silver["period"].to_pylist()) == {"rtd", "minute", "hour"}
    assert "pm25_not_above_pm10" in silver["_warnings"].to_pylist()


def test_the_same_rows_are_generated_again(home):
    edge_readings.land(2_000)
    edge_readings.land(2_000)
    ids = tables.read(f"bronze.{edge_readings.SOURCE}", ["_record_id"])["_record_id"].to_pylist()
    assert len(ids) == 400 and len(set(ids)) == 200
