"""Two datasets of records in one Spark job: the tables that the same functions give without an engine, then gates and reader."""

from datetime import UTC, datetime

import pytest

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from quality.expectations.run import validate
from tests.support.records import MAN, WOMAN
from tests.support.resident_files import DELTA, LI, RESIDENTS, WANG, deliver
from tests.support.silver_lake import build
from transforms import stage

pytestmark = pytest.mark.spark
DEATHS = "population__deaths"
SHORT = WANG | {"GMSFHM": WOMAN[:-1] + "1", "HH": "0005"}
"""The number's check character is wrong, which only the vault can tell."""


def rows(name: str) -> list[dict]:
    found = tables.read(name).to_pylist()
    return sorted(found, key=lambda row: row["_record_id"])


@pytest.fixture
def delivered(spark_lake, tmp_path):
    from ingestion.batch.answers import answer
    from ingestion.batch.statement import Statement

    deliver(tmp_path, [WANG, LI, SHORT, LI | {"XM": ""}, WANG | {"TQRQ": "20141130"}], "extract.csv")
    deliver(tmp_path, [LI | {"ZZ": "富春江镇"}], "daily.csv", DELTA)
    columns = contracts().sources[f"{DEATHS}__hc_deaths"].columns
    dead = ["A", MAN, "李国强", "1", "18800101", "20141230", "I", "江南镇"]
    (tmp_path / "deaths.csv").write_text("\n".join([",".join(columns), ",".join(dead), ""]), "utf-8")
    answer(tmp_path / "deaths.csv", f"{DEATHS}__hc_deaths", Statement(period="2014-12-31"))
    return tmp_path


def test_one_job_writes_the_slices_of_all_datasets(delivered, monkeypatch):
    work = stage.plan()
    assert {p["dataset"]: p["slices"] for p in work["datasets"]} == {
        RESIDENTS: ["2014-11-01", "2014-12-01"], DEATHS: ["2014-12-01"],
    }  # fmt: skip
    stage.run(work)
    assert stage.plan() == {}
    names = [f"{layer}.{dataset}" for dataset in (RESIDENTS, DEATHS) for layer in ("silver", "quarantine")]
    by_spark = {name: rows(name) for name in names}
    assert [len(found) for found in by_spark.values()] == [4, 1, 1, 0]
    warned = {row["household_no"] for row in by_spark[f"silver.{RESIDENTS}"] if "citizen_no_valid" in (row["_warnings"] or "")}
    assert warned == {"0005"}
    monkeypatch.setattr(outcomes, "last_inputs", lambda *_: None)
    for dataset in (RESIDENTS, DEATHS):
        assert build(dataset)["slices"]
    assert {name: rows(name) for name in names} == by_spark


def test_the_gates_expectations_hold(delivered):
    stage.run(stage.plan())
    dataset = contracts()[RESIDENTS]
    found = validate([(dataset, tables.version(dataset.table))], datetime(2015, 1, 2, tzinfo=UTC))
    assert {one.check for one in found} >= {"columns_as_contracted"} and all(one.passed for one in found)
