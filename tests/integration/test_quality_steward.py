"""A steward fixes one held row and waives another: gold changes by exactly those rows, and the trail says who and why."""

import getpass
import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lakehouse import outcomes, pipeline, tables
from lakehouse.session import register_tables
from lakehouse.settings import settings
from quality import _cli, gate_outcomes
from quality.reconcile import reconcile
from tests.support import gold_lake
from tests.support.received import deliver

pytestmark = [pytest.mark.spark, pytest.mark.slow]

AT = datetime(2016, 5, 2, 3, tzinfo=UTC)
AIR, GOLD = "environment__air_quality", "gold.fct_air_quality_hourly"
OTHERS = {
    "PM10": 60,
    "SO2": 4,
    "NO2": 30,
    "CO": 700,
    "O3": 80,
    "TEMP": 20.5,
    "DEWP": 5,
    "PRES": 1010,
    "RAIN": 0,
    "wd": "NE",
    "WSPM": 1.5,
}
TYPING_ERROR, OFFSET = AT.replace(hour=5), AT.replace(hour=6)


@pytest.fixture(scope="module")
def lake(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("steward")
    with pytest.MonkeyPatch.context() as patch, gold_lake.lake(spark, folder, as_of="2016-05-02T10:00:00Z"):
        patch.setenv("LAKE_SECRETS_HOME", str(folder / "secrets"))
        settings.cache_clear()
        register_tables(spark)
        rows = [{"at": AT.replace(hour=h), "PM2.5": 30 + h, **OTHERS} for h in range(8)]
        rows[5]["PM2.5"], rows[6]["PM2.5"] = "3s", -2
        deliver(folder, rows)
        pipeline.run(("silver", "gold", "gates", "serving"))
        yield folder


def lake_quarantine(*words: str) -> str:
    result = CliRunner().invoke(_cli.app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def gold_rows() -> dict[tuple, dict]:
    return {(r["station_id"], r["pollutant_code"], r["hour_at"]): r for r in tables.read(GOLD).to_pylist()}


def held_id(check: str) -> str:
    (line,) = [row for row in lake_quarantine("list", "--check", check).splitlines() if "#" in row]
    return line.split()[0]


def test_fix_one_waive_one_replay(lake):
    before = gold_rows()
    fixed, waived = held_id("value_is_number"), held_id("value_not_negative")
    assert "as sent = 3s" in lake_quarantine("show", fixed[:8])
    lake_quarantine("fix", fixed, "--set", "value=35", "--reason", "typing error, the station's log says 35")
    lake_quarantine("waive", waived, "--reason", "zero point of the instrument, agreed", "--until", "2016-12-31")
    told = lake_quarantine("preview")
    assert f"silver.{AIR}: 2 rows added, 0 removed, 0 changed" in told and gold_rows() == before
    told = lake_quarantine("replay")
    assert f"{GOLD}: 2 rows added, 0 removed, 0 changed" in told

    after = gold_rows()
    changed = {key: row["value"] for key, row in after.items() if before.get(key) != row}
    assert changed == {("prsa-dongsi", "pm25", TYPING_ERROR): 35.0, ("prsa-dongsi", "pm25", OFFSET): -2.0}
    assert before.keys() < after.keys()

    (trail,) = [r for r in tables.read(outcomes.TABLE).to_pylist() if r["stage"] == "replay"]
    decisions = {d["hold_id"]: d for d in json.loads(trail["inputs"])["decisions"]}
    assert decisions.keys() == {fixed, waived}
    assert {d["decided_by"] for d in decisions.values()} == {getpass.getuser()}
    assert decisions[fixed]["reason"] == "typing error, the station's log says 35"
    assert reconcile().mismatches == []
    assert "No rows are held." in lake_quarantine("list")
    assert "is held no longer" in lake_quarantine("show", fixed)


def test_undo_takes_exactly_the_waived_row_back(lake):
    before = gold_rows()
    (waived,) = {r["hold_id"] for r in tables.read("ops.steward_decisions").to_pylist() if r["kind"] == "waive"}
    lake_quarantine("undo", waived[:10], "--reason", "not agreed after all")
    lake_quarantine("replay")
    after = gold_rows()
    assert (
        {key for key in before if after.get(key) != before[key]}
        == {("prsa-dongsi", "pm25", OFFSET)}
        == before.keys() - after.keys()
    )


def test_every_gate_left_an_outcome_and_nothing_new_costs_nothing(lake):
    kept = tables.read(gate_outcomes.TABLE).to_pylist()
    checks = {(r["table"], r["check"]) for r in kept if r["kind"] == "expectation"}
    assert {
        (GOLD, "index_or_reason"),
        (GOLD, "required_filled"),
        ("silver." + AIR, "fresh"),
        (GOLD, "columns_as_contracted"),
    } <= checks
    failed = [(r["check"], r["severity"], r["observed"]) for r in kept if not r["passed"]]
    assert failed == [("value_in_range", "warning", "1")]  # the waived -2: a decision of the steward, told and not stopped
    told: list[str] = []
    pipeline.run(("gates",), told.append)
    assert told == ["gates           nothing new"]


def test_an_error_stops_before_serving_and_a_warning_does_not(lake, monkeypatch):
    monkeypatch.setenv("LAKE_AS_OF", "2016-05-09T10:00:00Z")  # a week later: stale, which is a warning
    settings.cache_clear()
    pipeline.run(("gates",))
    stale = {r["table"] for r in tables.read(gate_outcomes.TABLE).to_pylist() if r["check"] == "fresh" and not r["passed"]}
    assert "silver." + AIR in stale
    served = (lake / "serving" / "serving.duckdb").resolve()
    rows = tables.read(GOLD)
    broken = rows.to_pylist()
    broken[0] |= {"value": 5.0, "iaqi": 40, "iaqi_reason": "missing"}
    broken[1] |= {"value": None, "iaqi": 40, "iaqi_reason": None}
    broken[2] |= {"unit_code": None}
    broken[3] |= {"value": -1.0}
    tables.replace(GOLD, pa.Table.from_pylist(broken, rows.schema), partition_by=["event_month"])
    with pytest.raises(RuntimeError, match="4 checks failed"):
        pipeline.run(("gates", "serving"))
    found = {
        r["check"]: r["observed"]
        for r in tables.read(gate_outcomes.TABLE).to_pylist()
        if not r["passed"] and r["severity"] == "error"
    }
    assert found == dict.fromkeys(("index_or_reason", "no_index_without_value", "required_filled", "value_in_range"), "1")
    assert (lake / "serving" / "serving.duckdb").resolve() == served
