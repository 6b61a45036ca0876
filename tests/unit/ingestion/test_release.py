"""Readings kept without contract reach bronze once, when a source takes them, and the books balance before and after."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from edge_collectors.envelope import Record, without_contract
from edge_collectors.ngsi_intake import Message, take
from ingestion.streaming import _cli, landing
from ingestion.streaming import release as releases
from lakehouse import tables
from lakehouse.contracts import Contracts, contracts, mapping_lint
from quality.accounts import records
from quality.reconcile import reconcile
from tests.support.received import DEVICE, HJ212, RECEIVED, Gateway
from tests.support.silver_lake import build

AIR = contracts()["environment__air_quality"]
STACKS, BROKER = "environment__air_quality__stacks", "environment__air_quality__broker"
STREAM = f"gate-1/{HJ212}"


@pytest.fixture
def gate(home, tmp_path):
    """A landed segment: one reading that is taken, two of system type 31, one that no source can read."""
    gate = Gateway(tmp_path / "spool")
    unread = without_contract(HJ212, "t", None, b"\xff\xfe", RECEIVED, "The topic names the source noise.")
    gate.send(gate.reading({"code": "a34004", "value": "9"}), stack(1), stack(2), unread)
    return gate


def stack(hour: int) -> Record:
    document = {
        "device": DEVICE, "observed_at": f"2016-05-01T{hour:02}:00:00Z", "period": "hour", "resent": False,
        "items": [{"code": "a34004", "value": str(10 * hour)}], "meta": {"st": "31"},
    }  # fmt: skip
    return without_contract(HJ212, f"k{hour}", document, b"##stack", RECEIVED, "No source takes readings of system type ST=31.")


@pytest.fixture
def taken(gate, monkeypatch) -> str:
    """A mapping that takes system type 31 is added; the name of its bronze table."""
    mapping = contracts().sources[HJ212].model_copy(update={"source": STACKS, "bronze": STACKS, "system_types": ("31",)})
    monkeypatch.setitem(contracts().sources, STACKS, mapping)
    return mapping.bronze_table


def release() -> str:
    result = CliRunner().invoke(_cli.app, ["release"], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def values() -> dict[datetime, float]:
    build()
    return {r["observed_at"]: r["value"] for r in tables.read(AIR.table).to_pylist()}


def figures() -> dict[str, tuple]:
    """received, accepted, exact duplicates, dead letters, unexplained of each stream."""
    accounts = records.of_dataset(AIR).accounts
    return {a.unit: (a.received, a.accepted, a.exact, a.dead_letter, a.difference) for a in accounts}


def test_before_a_source_takes_them_they_are_kept_and_the_command_says_for_what_they_wait(gate):
    assert release().splitlines() == [
        "1 readings stay kept without contract; they wait for a collector that can read them, then sent again.",
        "2 readings stay kept without contract; they wait for a source that lists the system type 31.",
        "Nothing was released. A mapping under contracts/ takes a system type by listing it under system_types.",
    ]
    letters = {r["reason"] for r in tables.read(f"dead_letter.{AIR.id}").to_pylist()}
    assert all(reason.endswith("When a source takes them, `lake land release` brings them to bronze.") for reason in letters)
    assert values() == {datetime(2016, 5, 1, 3, tzinfo=UTC): 9.0} and figures() == {STREAM: (4, 1, 0, 3, 0)}


def test_each_reading_that_a_source_takes_reaches_bronze_and_silver_once(gate, taken):
    assert release().splitlines()[0] == f"{STACKS}: 2 readings released to bronze; `lake run` brings them to silver."
    assert STACKS not in release() and tables.version(taken) == 0
    row = tables.read(taken).sort_by("_seq_no").to_pylist()[0]
    assert (row["_stream_id"], row["_seq_no"], row["_segment"]) == (f"{STREAM}/released", 2, 1)
    assert (row["_source_code"], row["_data_origin"], row["raw"]) == (STACKS, "test_vector", "##stack")
    assert json.loads(row["payload"])["items"] == [{"code": "a34004", "value": "10"}]
    assert values()[datetime(2016, 5, 1, 1, tzinfo=UTC)] == 10.0 and len(values()) == 3
    assert figures() == {STREAM: (4, 1, 0, 3, 0), f"{STREAM}/released": (2, 2, 0, 0, 0)}
    assert reconcile().mismatches == []


def test_readings_that_come_later_are_released_by_the_next_pass_alone(gate, taken):
    release()
    gate.send(stack(3))
    assert f"{STACKS}: 1 readings released" in release()
    assert sorted(tables.read(taken)["_seq_no"].to_pylist()) == [2, 3, 5]


def test_killed_after_the_commit_nothing_is_released_twice(gate, taken, monkeypatch):
    real = tables.append

    def dying(name: str, rows) -> None:
        real(name, rows)
        if name == taken:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(tables, "append", dying)
        releases.release()
    release()
    assert tables.read(taken).num_rows == 2


def test_the_source_that_kept_them_may_take_them_itself(gate, monkeypatch):
    wider = contracts().sources[HJ212].model_copy(update={"system_types": ("22", "31")})
    monkeypatch.setitem(contracts().sources, HJ212, wider)
    assert f"{HJ212}: 2 readings released" in release() and len(values()) == 3
    assert reconcile().mismatches == []
    bronze = f"bronze.{HJ212}"
    tables.append(bronze, tables.read(bronze).filter(tables.read(bronze)["_stream_id"].to_numpy() == f"{STREAM}/released"))
    assert f"{STREAM}/released: bronze holds 4 released rows under 2 numbers." in reconcile().mismatches


def test_a_message_on_the_topic_of_an_unknown_source_waits_for_that_source(home, tmp_path, monkeypatch):
    entity = {"id": DEVICE, "type": "AirQualityObserved", "dateObserved": "2016-05-02T01:00:00Z", "pm25": 35}
    (kept,) = take(Message(f"ngsi/{BROKER}/d1", json.dumps(entity).encode()), [HJ212], 4096).records
    gate = Gateway(tmp_path / "spool")
    gate.send(kept)
    assert f"wait for a source named {BROKER}." in release()
    mapping = contracts().sources["environment__air_quality__ngsi"].model_copy(update={"source": BROKER, "bronze": BROKER})
    monkeypatch.setitem(contracts().sources, BROKER, mapping)
    assert f"{BROKER}: 1 readings released" in release()
    assert json.loads(tables.read(mapping.bronze_table)["payload"][0].as_py())["items"][0]["value"] == "35"


def test_a_kept_segment_that_is_gone_is_named(gate, taken):
    landing.kept("gate-1", HJ212, 1).unlink()
    assert "000000000001.jsonl is not there any more; restore it from a backup" in release() and not tables.exists(taken)


def test_nothing_kept_is_told(home):
    assert release() == "No reading is kept without contract.\n"


def test_two_sources_cannot_take_one_system_type(taken):
    both = contracts().sources[STACKS].model_copy(update={"system_types": ("22",)})
    known = Contracts(contracts().datasets, {**contracts().sources, STACKS: both})
    assert any("system type 22 is taken by" in found for found in mapping_lint.source_findings(both, known))
