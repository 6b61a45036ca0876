"""What `lake status` says of the edge."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse import collectors, tables
from lakehouse.settings import settings

COUNTS = {"durable": 40, "duplicate": 2, "dead_letter": 3}


def beat(name: str, state: str, seconds_ago: float, problem: str | None = None) -> None:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    body = {"collector": name, "at": at.isoformat(), "state": state, "problem": problem}
    body |= {"spool": {"unshipped_bytes": 1_500_000, "max_bytes": 10_000_000}, "streams": {"a": COUNTS, "b": COUNTS}}
    place = settings().landing / "heartbeats"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.json").write_text(json.dumps(body))


@pytest.mark.parametrize(
    ("state", "seconds_ago", "said"),
    [
        ("running", 3, "gate-1 running, seen 3 s ago"),
        ("running", 600, "gate-1 SILENT, last running, seen 10 min ago"),
        ("stopped", 10_800, "gate-1 stopped, seen 3 h ago"),
    ],
)
def test_a_collector_is_a_line_and_silence_is_told_from_an_ordinary_stop(home, state, seconds_ago, said):
    beat("gate-1", state, seconds_ago)
    (line,) = collectors.in_words()
    assert said in line and "80 stored, 4 repeats, 6 dead letters" in line and "1.5 of 10 MB wait in its spool" in line


def test_what_is_in_a_collectors_way_is_said_below_it(home):
    beat("gate-1", "uplink_down", 1, "https://lake.example.org: timed out")
    assert next(collectors.in_words()).splitlines()[1].strip() == "https://lake.example.org: timed out"


@pytest.mark.parametrize("torn", ['{"collector": "g', "[]", "{}"])
def test_a_heartbeat_that_cannot_be_read_is_said_and_hides_no_other(home, torn):
    beat("gate-2", "running", 1)
    (settings().landing / "heartbeats" / "gate-1.json").write_text(torn)
    first, second = collectors.in_words()
    assert "gate-1: its heartbeat cannot be read" in first and "gate-2 running" in second


def test_the_landing_folder_says_what_waits_and_what_was_refused(home):
    for folder, number in (("segments/g/s", 1), ("segments/g/s", 2), ("segments/g/s/done", 3), ("refused/g/s", 4)):
        place = settings().landing / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:012d}.jsonl").write_text("")
    old = time.time() - 3 * 3600
    os.utime(settings().landing / "segments/g/s/000000000001.jsonl", (old, old))
    (line,) = collectors.in_words()
    assert "2 segments wait, the oldest for 3 h" in line and "1 refused" in line


def test_the_commonest_reasons_come_first_and_figures_make_no_other_reason(home):
    reasons = [f"The CRC at offset {n} reads 1C8{n} but the data segment gives A{n}." for n in range(4)]
    reasons += ["No source takes system type ST=32."] * 2 + [f"reason {'abcdef'[n]}" for n in range(5)]
    now = datetime(2026, 3, 1, tzinfo=UTC)
    letters = {"reason": reasons, "_received_at": [now + timedelta(seconds=n) for n in range(len(reasons))]}
    tables.append("dead_letter.environment__air_quality", pa.table(letters))
    found = collectors.commonest_reasons()
    assert found[:2] == [(4, reasons[3]), (2, reasons[4])] and len(found) == 5
