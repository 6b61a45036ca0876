"""`ops.gate_outcomes`: one row per check and run, passed or not; what pages and the steward read of the gates."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import outcomes, tables

TABLE = "ops.gate_outcomes"
_TEXTS = ("dataset", "table", "check", "kind", "severity")
SCHEMA = pa.schema(
    [
        ("run_id", pa.string()), ("at", pa.timestamp("us", tz="UTC")), *((name, pa.string()) for name in _TEXTS),
        ("passed", pa.bool_()), ("observed", pa.string()), ("expected", pa.string()), ("message", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class GateOutcome:
    """One check on one table. kind: `count` (reconciliation) or `expectation`; severity: `error` or `warning`.

    `message` is the business sentence; of a check that did not pass it says what is wrong.
    """

    dataset: str
    table: str
    check: str
    kind: str
    severity: str
    passed: bool
    observed: str
    expected: str
    message: str

    @property
    def stops(self) -> bool:
        return not self.passed and self.severity == "error"


def write(found: Iterable[GateOutcome]) -> None:
    """Keep the outcomes under this run's id."""
    at = datetime.now(UTC)
    rows = [{"run_id": outcomes.run_id(), "at": at, **asdict(one)} for one in found]
    if rows:
        tables.append(TABLE, pa.Table.from_pylist(rows, SCHEMA))
