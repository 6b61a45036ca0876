"""The lander: sealed segments reach bronze once, whatever happens between two of its steps."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter

import pytest

from edge_collectors.envelope import accepted, refused, without_contract
from edge_collectors.spool import Spool
from edge_collectors.stream import Origin
from edge_collectors.uplink import FolderUplink
from ingestion.streaming import land as lander
from ingestion.streaming import landing, ledger, plan
from ingestion.streaming.open_table import OpenTable
from lakehouse import outcomes, tables
from lakehouse.settings import settings

SOURCE = "environment__air_quality__hj212"
BRONZE = f"bronze.{SOURCE}"
RECEIVED = "2026-03-01T00:00:05.123456Z"


@pytest.fixture
def gateway(home, tmp_path):
    return Gateway(tmp_path / "spool")


class Gateway:
    """A collector's spool whose sealed segments are shipped on demand."""

    def __init__(self, folder, collector="gate-1"):
        self.collector = collector
        self.stream = Spool(folder, 1 << 30, 1000).stream(Origin(collector, SOURCE, "1.0.0", "test_vector"))
        self.sent = 0

    def seal(self, readings=3, extra=()):
        self.stream.write([self._reading() for _ in range(readings)] + list(extra))
        return self.stream.seal()

    def ship(self, *sealed):
        for path in sealed:
            FolderUplink(settings().landing).deliver(path, self.collector, SOURCE)
        return [settings().landing / "segments" / self.collector / SOURCE / path.name for path in sealed]

    def _reading(self):
        self.sent += 1
        payload = {"device": "东四", "observed_at": "2026-03-01T00:00:00Z", "items": [{"code": "a34004", "value": "35.20"}]}
        return accepted(SOURCE, f"k{self.sent}", payload, "##raw东".encode(), RECEIVED)


def bronze_sequence():
    return sorted(tables.read(BRONZE, ["_seq_no"])["_seq_no"].to_pylist()) if tables.exists(BRONZE) else []


def test_a_segment_becomes_bronze_rows_dead_letters_and_a_ledger_row(gateway):
    kept = [
        refused(SOURCE, b"##\xff", RECEIVED, "The CRC at offset 3 is wrong."),
        without_contract(SOURCE, "w", {"device": "W1"}, b"##water", RECEIVED, "No source takes system type 32."),
    ]
    gateway.ship(gateway.seal(2, kept))
    (landed,) = lander.land()
    assert (landed.records, landed.accepted, landed.dead_letter, landed.refused) == (4, 2, 2, [])
    first = tables.read(BRONZE).sort_by("_seq_no").to_pylist()[0]
    assert json.loads(first["payload"])["items"] == [{"code": "a34004", "value": "35.20"}]
    assert first["raw"] == "##raw东" and first["_data_origin"] == "test_vector" and first["_contract_version"] == "1.0.0"
    assert first["_received_at"].isoformat() == "2026-03-01T00:00:05.123456+00:00"
    assert (first["_source_code"], first["_stream_id"], first["_seq_no"], first["_segment"]) == (SOURCE, f"gate-1/{SOURCE}", 1, 1)
    letters = {r["reason"]: r for r in tables.read("dead_letter.environment__air_quality").to_pylist()}
    assert letters["The CRC at offset 3 is wrong."]["payload"] == "base64:IyP/"
    later = "When a source takes them, `lake land release` brings them to bronze."
    assert letters[f"no contract: No source takes system type 32. {later}"]["payload"] == "##water"
    assert letters["The CRC at offset 3 is wrong."]["_delivery_id"] == f"gate-1/{SOURCE}/000000000001"
    (row,) = tables.read(ledger.TABLE).to_pylist()
    assert (row["segment"], row["first_seq"], row["last_seq"], row["accepted"], row["dead_letter"], row["no_contract"]) == (
        1,
        1,
        4,
        2,
        1,
        1,
    )
    assert [p.name for p in (settings().landing / "segments" / "gate-1" / SOURCE / "done").iterdir()] == ["000000000001.jsonl"]


@pytest.mark.parametrize(
    ("observed_at", "said"), [(None, "nothing"), ("soon", "soon"), ("2026-02-30T00:00:00Z", "2026-02-30T00:00:00Z")]
)
def test_a_reading_without_a_time_belongs_to_no_hour_and_becomes_a_dead_letter(gateway, observed_at, said):
    payload = {"device": "D1", "observed_at": observed_at, "items": [{"code": "a34004", "value": "35.20"}]}
    gateway.ship(gateway.seal(2, [accepted(SOURCE, "t", payload, b"##timeless", RECEIVED)]))
    (landed,) = lander.land()
    assert (landed.records, landed.accepted, landed.dead_letter) == (3, 2, 1) and bronze_sequence() == [1, 2]
    (letter,) = tables.read("dead_letter.environment__air_quality").to_pylist()
    assert letter["reason"].startswith(f"The record says {said} as its time of observation (observed_at), which is no instant")
    assert letter["payload"] == "##timeless"


def test_nothing_waits_nothing_is_planned(gateway):
    assert plan.plan() == {} and lander.land() == []
    gateway.ship(gateway.seal())
    assert plan.plan() == {f"gate-1/{SOURCE}": {"expected": 1, "segments": ["000000000001.jsonl"]}}
    lander.land()
    assert plan.plan() == {}


def test_a_delivery_sent_twice_is_landed_once(gateway):
    sealed = gateway.seal()
    (place,) = gateway.ship(sealed)
    lander.land()
    place.write_bytes(sealed.read_bytes())
    (landed,) = lander.land()
    assert (landed.replays, landed.records, landed.refused) == (1, 0, [])
    assert bronze_sequence() == [1, 2, 3] and not place.exists()


@pytest.mark.parametrize("dies_after", ["dead_letter", "bronze", "ops", "done"])
def test_killed_after_any_commit_it_goes_on_also_with_another_grouping(gateway, monkeypatch, dies_after):
    letter = refused(SOURCE, b"##1", RECEIVED, "broken")
    gateway.ship(gateway.seal(2, [letter]), gateway.seal(2))
    append, keep = OpenTable.append, landing.keep

    def dying_append(table, *arguments):
        append(table, *arguments)
        if table.name.startswith(f"{dies_after}."):
            raise KeyboardInterrupt

    def dying_keep(path):
        keep(path)
        if dies_after == "done":
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(OpenTable, "append", dying_append)
        patched.setattr(landing, "keep", dying_keep)
        lander.land()
    gateway.ship(gateway.seal(2, [refused(SOURCE, b"##2", RECEIVED, "broken too")]))
    lander.land()
    assert bronze_sequence() == [1, 2, 4, 5, 6, 7]
    assert tables.read("dead_letter.environment__air_quality").num_rows == 2
    entries = tables.read(ledger.TABLE).to_pylist()
    assert Counter(r["segment"] for r in entries) == {1: 1, 2: 1, 3: 1} and sum(r["records"] for r in entries) == 8


def test_segments_behind_a_gap_wait_and_the_report_says_for_what(gateway):
    first, second, third = gateway.seal(), gateway.seal(), gateway.seal()
    gateway.ship(first, third)
    (landed,) = lander.land()
    assert bronze_sequence() == [1, 2, 3]
    assert "segment 2 is not there" in landed.obstacle
    gateway.ship(second)
    (landed,) = lander.land()
    assert landed.obstacle is None and bronze_sequence() == list(range(1, 10))


def _flip(data):
    return data.replace(b"35.20", b"35.21", 1)


def _other_place(data):
    return data.replace(b'"collector":"gate-1"', b'"collector":"gate-2"')


def _fewer(data):
    return data.replace(b'"records":3', b'"records":2').replace(b'"last_seq":3', b'"last_seq":2')


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_flip, "not have the SHA-256 of its trailer"),
        (lambda data: data[: len(data) // 2], "last line .* is not a segment's trailer"),
        (lambda data: b"", "first line .* is not a segment's header"),
        (lambda data: b"\x00" * len(data), "is not a segment's header"),
        (_other_place, "header .* names gate-2/.* but it lies at gate-1/"),
        (_fewer, "has not the records that its trailer counts"),
    ],
)
def test_a_damaged_segment_is_refused_with_its_reason_and_a_whole_copy_lands(gateway, damage, reason):
    sealed, after = gateway.seal(), gateway.seal()
    (place,) = gateway.ship(sealed)
    place.write_bytes(damage(sealed.read_bytes()))
    gateway.ship(after)
    (landed,) = lander.land()
    assert bronze_sequence() == [] and "ship --again" in landed.obstacle
    refused_to = settings().landing / "refused" / "gate-1" / SOURCE
    written = (refused_to / "000000000001.jsonl.reason.txt").read_text()
    assert re.search(reason, written) and (refused_to / "000000000001.jsonl").exists()
    gateway.ship(sealed)
    lander.land()
    assert bronze_sequence() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("was", "becomes", "reason"),
    [
        (b'"state":"ok"', b'"state":"??"', "without id, time, payload or state"),
        (b'"seq":5', b'"seq":4', "repeats a sequence number"),
        (b'"seq":5', b'"seq":"five"', "a line that is no record"),
        (b'{"record_id"', b'"record_id"', "a line that is no record"),
        (b'"record_id"', b'"id"', "has not the records that its trailer counts"),
        (b'"stream":"gate-1/', b'"stream":"gate-2/', "of another stream"),
    ],
)
def test_a_bad_segment_in_a_group_holds_up_only_what_follows_it(gateway, was, becomes, reason):
    """Hash and trailer agree, so only the lines themselves can show that something else than a spool wrote them."""
    paths = gateway.ship(gateway.seal(), gateway.seal(), gateway.seal())
    text = paths[1].read_bytes()
    assert was in text
    paths[1].write_bytes(_reseal(text.replace(was, becomes, 1)))
    (landed,) = lander.land()
    assert bronze_sequence() == [1, 2, 3] and landed.segments == 1
    assert reason in landed.refused[0]


def _reseal(data):
    head, *records, tail = data.splitlines(keepends=True)
    sealed = json.loads(tail)
    sealed["sealed"]["sha256"] = hashlib.sha256(b"".join(records)).hexdigest()
    return head + b"".join(records) + json.dumps(sealed).encode() + b"\n"


def test_a_collector_that_lost_its_spool_is_told_to_take_a_new_id(gateway, tmp_path):
    gateway.ship(gateway.seal())
    lander.land()
    again = Gateway(tmp_path / "new-spool")
    sealed = again.seal(2)
    place = settings().landing / "segments" / "gate-1" / SOURCE / sealed.name
    place.write_bytes(sealed.read_bytes())
    (landed,) = lander.land()
    assert "must go on under a new collector id" in landed.refused[0] and bronze_sequence() == [1, 2, 3]


def test_two_collectors_of_one_source_do_not_disturb_each_other(gateway, tmp_path):
    other = Gateway(tmp_path / "other", "gate-2")
    gateway.ship(gateway.seal(2))
    other.ship(other.seal(1))
    lander.land()
    assert Counter(tables.read(BRONZE, ["_stream_id"])["_stream_id"].to_pylist()) == {
        f"gate-1/{SOURCE}": 2,
        f"gate-2/{SOURCE}": 1,
    }


@pytest.mark.parametrize("source", ["unknown__source", "environment__air_quality__prsa"])
def test_what_no_contract_knows_as_an_edge_source_waits_and_is_said(gateway, source):
    place = settings().landing / "segments" / "gate-1" / source
    place.mkdir(parents=True)
    (place / "000000000001.jsonl").write_bytes(b"{}\n")
    (landed,) = lander.land()
    assert f"no edge source {source} in the contracts" in landed.obstacle
    assert (place / "000000000001.jsonl").exists()


def test_compaction_every_fifty_commits_keeps_files_few_and_the_rows(gateway, monkeypatch):
    monkeypatch.setattr(lander, "GROUP_SEGMENTS", 1)
    gateway.ship(*[gateway.seal(1) for _ in range(105)])
    lander.land()
    assert bronze_sequence() == list(range(1, 106))
    assert len(tables.open_table(BRONZE).file_uris()) < 50


def test_landing_does_not_load_pandas(gateway):
    """A third of the lander's memory would be pandas, which Arrow loads for Python values and for its own datasets."""
    gateway.ship(gateway.seal())
    code = "import sys; from ingestion.streaming.land import land; print(land()[0].accepted, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "False"]


def test_a_lander_that_follows_keeps_the_files_of_outcomes_few(gateway, monkeypatch):
    monkeypatch.setattr(lander, "MOST_OUTCOME_FILES", 5)
    for _ in range(12):
        gateway.ship(gateway.seal(1))
        lander.land()
    assert tables.read(outcomes.TABLE).num_rows == 12
    assert len(tables.open_table(outcomes.TABLE).file_uris()) <= 6
