"""The books add up on a lake with every kind of record, and name what was taken away or doubled behind their back."""

import json
import shutil
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from edge_collectors.envelope import refused, without_contract
from lakehouse import tables
from lakehouse.contracts import contracts
from quality import gate_outcomes
from quality.accounts import records
from quality.reconcile import app, reconcile
from tests.support.received import HJ212, PRSA, RECEIVED, Gateway, deliver, line
from tests.support.silver_lake import build, take_away

AT = datetime(2016, 5, 1, 3, tzinfo=UTC)
READINGS = contracts()["environment__air_quality"]
SILVER, BRONZE, EDGE = READINGS.table, f"bronze.{PRSA}", f"bronze.{HJ212}"
GOOD = {"at": AT, "PM2.5": 35, "PM10": 50}
NEGATIVE = {"at": AT.replace(hour=4), "PM2.5": -1, "PM10": 20}
NOWHERE = {"at": AT, "station": "Nowhere", "PM2.5": 5}
CORRECTED_LATER = {"at": AT.replace(hour=5), "PM2.5": 10}
CORRECTION = {"at": AT.replace(hour=5), "PM2.5": 12}
PM25, TEMPERATURE = {"code": "a34004", "value": "9"}, {"code": "a01001", "value": "12.5"}


@pytest.fixture
def lake(home, tmp_path):
    """A delivery with each fate, its correction, a repeat; a stream with each state; silver built."""
    ragged = ",".join(line(GOOD)[:-3])
    deliver(tmp_path, [GOOD, NEGATIVE, NOWHERE, ragged, GOOD, CORRECTED_LATER], "first.csv")
    deliver(tmp_path, [CORRECTION], "second.csv", revision=1)
    deliver(tmp_path, [GOOD, {"at": AT.replace(hour=6), "PM2.5": 8}], "third.csv")
    gate = Gateway(tmp_path / "spool")
    gate.send(
        gate.reading(PM25, TEMPERATURE), refused(HJ212, b"##\xff", RECEIVED, "The CRC is wrong."), gate.reading(TEMPERATURE)
    )
    unknown = without_contract(HJ212, "w", {"device": "W1"}, b"##water", RECEIVED, "No source takes system type 32.")
    gate.send(unknown, gate.reading(PM25, device="UNKNOWN"), gate.reading(PM25, at="2016-05-01T04:00:00Z"))
    build()
    return home


def figures(dataset: str = READINGS.id) -> set[tuple]:
    """received, accepted, exact, superseded, quarantined, dead letter, waiting, difference of every unit."""
    accounts = records.of_dataset(contracts()[dataset]).accounts
    return {
        (a.received, a.accepted, a.exact, a.superseded, a.quarantined, a.dead_letter, a.waiting, a.difference) for a in accounts
    }


def test_every_record_of_every_delivery_and_stream_is_accounted_for(lake):
    first, correction, repeat = (6, 2, 1, 1, 1, 1, 0, 0), (1, 1, 0, 0, 0, 0, 0, 0), (2, 1, 1, 0, 0, 0, 0, 0)
    stream = (6, 3, 0, 0, 1, 2, 0, 0)
    assert figures() == {first, correction, repeat, stream}
    done = reconcile(READINGS.id)
    assert done.mismatches == []
    assert [(s.first_seq, s.last_seq, s.bronze, s.dead_letter, s.difference) for s in done.streams] == [(1, 6, 4, 2, 0)]


def test_two_datasets_of_one_bronze_table_are_counted_each_on_its_own(lake):
    landed = {(6, 0, 0, 0, 0, 1, 5, 0), (1, 0, 0, 0, 0, 0, 1, 0), (2, 0, 0, 0, 0, 0, 2, 0)}
    assert figures("environment__weather") == landed


def test_a_delivery_of_nothing_but_dead_letters_is_accounted_for(home, tmp_path):
    ragged = ",".join(line(GOOD)[:-3])
    deliver(tmp_path, [ragged, ragged + "x"])
    assert figures() == {(2, 0, 0, 0, 0, 2, 0, 0)} and reconcile(READINGS.id).mismatches == []
    take_away(f"dead_letter.{READINGS.id}", "_row_no = 2")
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "its receipt says 2 received, found 1, 2 dead letters, found 1." in sentence


def test_records_landed_after_silver_wait_and_are_no_mismatch(lake, tmp_path):
    deliver(tmp_path, [{"at": AT.replace(day=2), "PM2.5": 3}], "fourth.csv")
    done = reconcile(READINGS.id)
    assert (1, 0, 0, 0, 0, 0, 1, 0) in figures() and done.mismatches == []
    assert done.behind == [
        f"{SILVER} was built from version 2 of {BRONZE}, now at version 3: 1 records wait; `lake run` brings them."
    ]
    said = CliRunner().invoke(app, ["--dataset", READINGS.id]).output
    assert f"\nBEHIND {done.behind[0]}\n" in said and "Everything adds up. What is behind waits for a run" in said
    build()
    assert reconcile(READINGS.id).behind == []
    assert (1, 1, 0, 0, 0, 0, 0, 0) in figures()


def test_a_reading_without_a_time_is_a_dead_letter_and_the_books_balance(home, tmp_path):
    gate = Gateway(tmp_path / "spool")
    gate.send(gate.reading(PM25), gate.reading(PM25, at=None))
    build()
    assert figures() == {(2, 1, 0, 0, 0, 1, 0, 0)} and reconcile(READINGS.id).mismatches == []


def test_compaction_of_bronze_changes_no_account(lake, tmp_path):
    before = figures()
    gate = Gateway(tmp_path / "second", "gate-2")
    gate.send(gate.reading(PM25, at="2016-05-01T05:00:00Z"))
    for name in (EDGE, BRONZE):
        tables.open_table(name).optimize.compact()
    assert figures() == before | {(1, 0, 0, 0, 0, 0, 1, 0)} and reconcile(READINGS.id).mismatches == []
    build()
    assert figures() == before | {(1, 1, 0, 0, 0, 0, 0, 0)}
    for name in (EDGE, BRONZE):
        tables.open_table(name).optimize.compact()
        tables.open_table(name).vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert figures() == before | {(1, 1, 0, 0, 0, 0, 0, 0)}


def test_a_lost_silver_row_is_named(lake):
    take_away(SILVER, "station_id = 'prsa-dongsi' and pollutant_code = 'pm10' and observed_at = '2016-05-01T03:00:00Z'")
    (sentence, hours) = reconcile(READINGS.id).mismatches
    assert "1 records have items that are neither in silver nor held" in sentence
    assert "prsa-dongsi pm10 hour 2016-05-01 03:00:00" in sentence
    assert hours == f"{SILVER}_hourly holds 1 rows that {SILVER} does not have or has once."


def test_a_lost_held_row_is_named(lake):
    held = tables.read(f"quarantine.{READINGS.id}").to_pylist()
    negative = next(r for r in held if r["checks"][0]["check"] == "value_not_negative")
    take_away(f"quarantine.{READINGS.id}", f"_hold_id = '{negative['_hold_id']}'")
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "prsa-dongsi pm25 hour 2016-05-01 04:00:00" in sentence and negative["_record_id"] in sentence


def test_a_superseded_reading_is_believed_only_while_its_winner_is_there(lake):
    take_away(SILVER, "pollutant_code = 'pm25' and observed_at = '2016-05-01T05:00:00Z'")
    sentences = reconcile(READINGS.id).mismatches
    assert sentences[0].count("prsa-dongsi pm25 hour 2016-05-01 05:00:00") == 2  # the correction's and the corrected record's


def test_a_doubled_silver_row_is_named(lake):
    again = tables.read(SILVER, filters=pc.field("pollutant_code") == "co").slice(0, 1)
    tables.append(SILVER, again)
    sentences = reconcile(READINGS.id).mismatches
    assert f"{SILVER} holds 1 rows whose key (station_id, pollutant_code, period, observed_at) is there already." in sentences
    assert any("or are there twice" in s for s in sentences)


def test_a_doubled_bronze_row_differs_from_its_receipt(lake):
    tables.append(BRONZE, tables.read(BRONZE, filters=pc.field("station") == "Nowhere"))
    (sentence,) = reconcile(READINGS.id).mismatches
    assert sentence.endswith("(first.csv): its receipt says 6 received, found 7, 5 rows in bronze, found 6.")


def test_a_lost_dead_letter_differs_from_its_receipt(lake):
    take_away(f"dead_letter.{READINGS.id}", f"_source_code = '{PRSA}'")
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "(first.csv): its receipt says 6 received, found 5, 1 dead letters, found 0." in sentence


def test_a_lost_bronze_row_of_a_stream_is_a_gap_and_its_silver_row_a_stray(lake):
    take_away(EDGE, "_seq_no = 1")
    build_inputs_are_current()
    gap, stray = sorted(reconcile(READINGS.id).mismatches, key=len, reverse=True)
    assert "gate-1/environment__air_quality__hj212 segment 1 (sequence 1 to 3): bronze holds 1 of 2 readable records" in gap
    assert stray == f"{READINGS.id}: 1 rows of silver and quarantine belong to no record in bronze."


def test_bronze_rewritten_by_an_erasure_is_behind_and_no_mismatch(lake):
    before, seen = figures(), tables.version(BRONZE)
    erasure_rewrites(BRONZE)
    done = reconcile(READINGS.id)
    assert done.mismatches == [] and done.behind == [
        f"{SILVER} was built from version {seen} of {BRONZE}; erased rows were rewritten in bronze, now at version"
        f" {tables.version(BRONZE)}: `lake run` brings silver."
    ]
    build()
    done = reconcile(READINGS.id)
    assert done.behind == done.mismatches == [] and figures() == before


def test_a_stray_is_named_also_when_an_erasure_has_rewritten_bronze(lake):
    take_away(EDGE, "_seq_no = 1")
    erasure_rewrites(EDGE)
    assert f"{READINGS.id}: 1 rows of silver and quarantine belong to no record in bronze." in reconcile(READINGS.id).mismatches


def erasure_rewrites(name: str) -> None:
    """The table as an erasure leaves it: written anew under the same ids, and no former version."""
    rows = tables.read(name)
    tables.replace(name, rows, tables.open_table(name).metadata().partition_columns)
    tables.open_table(name).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def build_inputs_are_current() -> None:
    """Note the present bronze versions as those silver was built from, so that nothing counts as waiting."""
    from lakehouse import outcomes

    inputs = outcomes.last_inputs("silver", READINGS.id)
    inputs["bronze"] = {name: tables.version(name) for name in inputs["bronze"]}
    with outcomes.step("silver", READINGS.id, inputs):
        pass


def test_a_doubled_sequence_number_is_named(lake):
    tables.append(EDGE, tables.read(EDGE, filters=pc.field("_seq_no") == 5))
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "segment 2 (sequence 4 to 6): bronze holds 3 of 2 readable records" in sentence
    assert "3 rows under 2 numbers from 5 to 6" in sentence


def test_a_lost_segment_of_the_ledger_is_named(lake):
    take_away("ops.stream_ledger", "segment = 1")
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "segment 2 (sequence 4 to 6) follows segment 0, which ended at 0; numbers are missing or doubled." in sentence


def test_old_segments_that_no_ledger_has_are_named(lake):
    bronze = tables.read(EDGE)
    early = pa.array([AT] * bronze.num_rows, bronze.schema.field("_ingested_at").type)
    tables.replace(EDGE, bronze.set_column(bronze.schema.get_field_index("_ingested_at"), "_ingested_at", early))
    build_inputs_are_current()
    take_away("ops.stream_ledger", "segment = 2")
    assert reconcile(READINGS.id).mismatches == [
        "gate-1/environment__air_quality__hj212: bronze holds 2 rows of segments 2 to 2, which the ledger does not have."
    ]
    shutil.rmtree(tables.location("ops.stream_ledger"))
    (sentence,) = reconcile(READINGS.id).mismatches
    assert "bronze holds 4 rows of segments 1 to 2" in sentence


def test_the_command_prints_the_books_keeps_the_outcomes_and_fails_on_a_mismatch(lake):
    good = CliRunner().invoke(app, ["--dataset", READINGS.id])
    assert good.exit_code == 0 and "Everything adds up." in good.output
    kept = tables.read(gate_outcomes.TABLE).to_pylist()
    assert {r["check"] for r in kept} == {
        "records_accounted_for",
        "receipts_hold",
        "sequence_whole",
        "keys_unique",
        "hours_cover_silver",
    }
    assert all(r["passed"] and r["kind"] == "count" for r in kept)
    take_away(f"dead_letter.{READINGS.id}", f"_source_code = '{PRSA}'")
    bad = CliRunner().invoke(app, ["--json"])
    body = json.loads(bad.output)
    assert bad.exit_code == 1 and len(body["mismatches"]) == 1
    assert {a["difference"] for a in body["accounts"]} == {0}


def test_an_empty_lake_and_a_dataset_without_sources_are_told_in_a_sentence(home):
    assert "Nothing has been received yet" in str(CliRunner().invoke(app, []).exception)
    with pytest.raises(LookupError, match="fed by no source"):
        reconcile("dim_date")
