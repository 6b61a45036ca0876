"""What a lake receives in tests: delivered PRSA files and a gateway whose records reach bronze by sealed segments."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from edge_collectors.envelope import Record, accepted
from edge_collectors.spool import Spool
from edge_collectors.stream import Origin
from edge_collectors.uplink import FolderUplink
from ingestion.batch.answers import answer
from ingestion.batch.statement import Statement
from ingestion.streaming import land
from lakehouse.contracts import contracts
from lakehouse.settings import settings

PRSA = "environment__air_quality__prsa"
HJ212 = "environment__air_quality__hj212"
DEVICE = "010000A8900016F000169DC0"
RECEIVED = "2016-05-01T04:00:00.000000Z"
NO_VALUE = "NA"


def deliver(folder: Path, rows: list[dict[str, Any] | str], name: str = "delivery.csv", revision: int = 0) -> str:
    """Deliver rows as one PRSA file; `at` is UTC, the file says it in UTC+8; a text is written as the line it is."""
    columns = contracts().sources[PRSA].columns
    lines = [",".join(columns), *(row if isinstance(row, str) else ",".join(line(row)) for row in rows)]
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    return answer(file, PRSA, Statement(revision=revision))


def line(row: dict[str, Any]) -> list[str]:
    local: datetime = row["at"] + timedelta(hours=8)
    given = {"year": local.year, "month": local.month, "day": local.day, "hour": local.hour, "station": "Dongsi", "No": 1} | row
    return [str(given.get(column, NO_VALUE)) for column in contracts().sources[PRSA].columns]


class Gateway:
    """A collector's spool; `send` seals what is given as one segment, ships and lands it."""

    def __init__(self, folder: Path, collector: str = "gate-1"):
        self.collector = collector
        self.stream = Spool(folder, 1 << 30, 1000).stream(Origin(collector, HJ212, "1.0.0", "test_vector"))
        self.sent = 0

    def send(self, *records: Record) -> None:
        self.stream.write(list(records))
        FolderUplink(settings().landing).deliver(self.stream.seal(), self.collector, HJ212)
        land.land()

    def reading(self, *items: dict[str, Any], at: str | None = "2016-05-01T03:00:00Z", device: str = DEVICE) -> Record:
        """A record that the protocol could read; every one is another record."""
        self.sent += 1
        document = {"device": device, "observed_at": at, "period": "hour", "resent": False, "items": list(items)}
        return accepted(HJ212, f"k{self.sent}", document, b"##raw", RECEIVED)
