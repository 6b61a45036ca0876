"""Publishers' own logs against bronze, dead letters and ledger."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import DeltaTable

from edge_collectors.feeders.publisher_log import PublisherLog
from tests.faults.processes import COLLECTOR, HJ212, NGSI, Plant


@dataclass
class Findings:
    """What a run has shown, in records."""

    sent: int = 0
    confirmed: int = 0
    bronze_rows: int = 0
    lost: int = 0
    doubled_keys: int = 0
    doubled_records: int = 0
    unexplained: int = 0
    dead_letters: int = 0
    sequence_gaps: int = 0
    ledger_differs: int = 0
    refused_segments: int = 0
    reconcile_differs: int = 0
    segments: int = 0
    sent_twice: int = 0
    kills: int = 0
    deaths: Counter = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        faults = (self.lost, self.doubled_keys, self.doubled_records, self.unexplained, self.sequence_gaps)
        faults += (self.ledger_differs, self.refused_segments, self.reconcile_differs)
        return not any(faults) and self.sent == self.confirmed > 0

    def table(self) -> str:
        rows = [(name.replace("_", " "), value) for name, value in vars(self).items() if name != "deaths"]
        rows += [(f"  {name}", number) for name, number in sorted(self.deaths.items())]
        return "\n".join(f"{name:<34}{value:>9}" for name, value in rows)


def find(plant: Plant, logs: Sequence[Path], sent_twice: int) -> Findings:
    """Compare what publishers say with what the lake holds."""
    found = Findings(sent_twice=sent_twice, deaths=plant.deaths)
    found.kills = sum(number for name, number in plant.deaths.items() if "ended by itself" not in name)
    written = [PublisherLog(path) for path in logs]
    sent = set().union(*(log.sent for log in written))
    found.sent, found.confirmed = len(sent), sum(len(log.confirmed) for log in written)
    rows = _read(plant, f"bronze/{HJ212}") + _read(plant, f"bronze/{NGSI}")
    keys = Counter(_key(json.loads(row["payload"])) for row in rows)
    found.bronze_rows = len(rows)
    found.lost, found.unexplained = len(sent - keys.keys()), len(keys.keys() - sent)
    found.doubled_keys = sum(number - 1 for number in keys.values())
    found.doubled_records = len(rows) - len({row["_record_id"] for row in rows})
    letters = _read(plant, "dead_letter/environment__air_quality")
    found.dead_letters = len(letters)
    _compare_ledger(plant, rows, letters, found)
    found.reconcile_differs = int(plant.lake("reconcile") != 0)
    found.refused_segments = len(list((plant.data / "landing" / "refused").rglob("*.jsonl")))
    return found


def _compare_ledger(plant: Plant, rows: list[dict], letters: list[dict], found: Findings) -> None:
    """Sequence numbers from 1 without a gap: each is a bronze row or a dead letter; the ledger counts the same."""
    entries = _read(plant, "ops/stream_ledger")
    found.segments = len(entries)
    for source in (HJ212, NGSI):
        own = sorted((e for e in entries if e["source_code"] == source), key=lambda e: e["segment"])
        sequence = [row["_seq_no"] for row in rows if row["_stream_id"] == f"{COLLECTOR}/{source}"]
        dead = sum(letter["_source_code"] == source for letter in letters)
        last = own[-1]["last_seq"]
        found.sequence_gaps += abs(last - len(set(sequence)) - dead) + (len(sequence) - len(set(sequence)))
        found.sequence_gaps += [e["segment"] for e in own] != list(range(1, len(own) + 1))
        found.sequence_gaps += [e["first_seq"] for e in own] != [1, *(e["last_seq"] + 1 for e in own[:-1])]
        found.ledger_differs += abs(sum(e["records"] for e in own) - last)
        found.ledger_differs += abs(sum(e["accepted"] for e in own) - len(sequence))


def _key(payload: dict) -> str:
    """The publisher's key, read back out of what the lake holds."""
    if payload["protocol"] == "hj212":
        return f"{payload['device']},{payload['meta']['qn']}"
    return payload["meta"]["entity_id"].removeprefix("urn:ngsi-ld:AirQualityObserved:")


def _read(plant: Plant, table: str) -> list[dict]:
    place = plant.data / "tables" / table
    return DeltaTable(place).to_pyarrow_table().to_pylist() if place.exists() else []
