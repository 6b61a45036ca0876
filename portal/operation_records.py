"""The record of operation in the serving file: gate outcomes, run outcomes, stream ledger, freshness."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.settings import settings
from portal import open_data
from portal.open_data import OpenDataset
from portal.serving_data import data
from quality import promises

PATHS = re.compile(r"(?:[A-Za-z]:)?(?:/[\w.@+-]+){2,}/?")
STATES = ("failed", "warned", "passed")


@dataclass(frozen=True)
class QualityState:
    """The last gate on a table: `state` is failed (an error rule broke), warned, passed, or unknown (no gate yet)."""

    state: str
    checks: int
    failed: int
    warned: int
    at: datetime | None


@dataclass(frozen=True)
class Freshness:
    """Newest moment of a dataset against the installation's clock. `state`: fresh, late, still (a closed period)."""

    dataset: OpenDataset
    newest: Any
    age_hours: float | None
    state: str


def gate_outcomes() -> list[dict[str, Any]]:
    """The newest outcome of every check of every table, failures first; empty before the first gate."""
    if "ops.gate_outcomes" not in data.tables():
        return []
    rows = data.rows(
        'select "table", dataset, "check", kind, severity, passed, observed, expected, message, "at" from ops.gate_outcomes '
        'qualify row_number() over (partition by "table", "check" order by "at" desc) = 1 '
        'order by "table", passed, severity, "check"'
    )
    return [{**row, "state": _state(row), "message": without_paths(row["message"])} for row in rows]


def quality_states(outcomes: list[dict[str, Any]] | None = None) -> dict[str, QualityState]:
    """`<layer>.<table>` -> its state after the newest gates."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in gate_outcomes() if outcomes is None else outcomes:
        by_table.setdefault(row["table"], []).append(row)
    return {table: _summed(rows) for table, rows in by_table.items()}


UNKNOWN = QualityState("unknown", 0, 0, 0, None)


def run_outcomes(limit: int = 60) -> list[dict[str, Any]]:
    """The newest steps, newest first. Paths of the machine are taken out of error texts."""
    if "ops.run_outcomes" not in data.tables():
        return []
    rows = data.rows(
        "select run_id, stage, dataset, rows_in, accepted, duplicate, quarantined, dead_letter, rows_out, seconds, "
        "state, error, started_at from ops.run_outcomes order by started_at desc limit ?",
        [limit],
    )
    return [{**row, "error": without_paths(row["error"])} for row in rows]


def streams() -> list[dict[str, Any]]:
    """What each collector has sent per source: segments, records, where they went, newest arrival; the newest first."""
    if "ops.stream_ledger" not in data.tables():
        return []
    return data.rows(
        "select collector_id, source_code, count(*) as segments, sum(records) as records, sum(accepted) as accepted, "
        "sum(dead_letter) as dead_letter, sum(no_contract) as no_contract, max(landed_at) as landed_at "
        "from ops.stream_ledger group by all order by landed_at desc, collector_id, source_code"
    )


def freshness() -> list[Freshness]:
    """One line per open dataset with a time column, the oldest first."""
    lines = [_freshness(d) for d in open_data.listed() if d.facts and d.time_field]
    return sorted(lines, key=lambda f: -(f.age_hours or 0))


def without_paths(text: str | None) -> str | None:
    """A text for the public without file paths of the machine."""
    return PATHS.sub("…", text) if text else text


def _freshness(dataset: OpenDataset) -> Freshness:
    newest = dataset.facts.end
    if newest is None:
        return Freshness(dataset, None, None, "late")
    hours = (settings().as_of_time() - _start_of(newest)) / timedelta(hours=1)
    if dataset.bands and "live" not in dataset.bands:
        return Freshness(dataset, newest, hours, "still")
    limit = promises.oldest_newest_row(dataset.contract)
    return Freshness(dataset, newest, hours, "fresh" if limit is None or hours <= limit else "late")


def _start_of(newest: Any) -> datetime:
    """The start of the newest row's interval as an instant; days and local times count as the gates count them, in UTC."""
    if isinstance(newest, datetime):
        return newest if newest.tzinfo else newest.replace(tzinfo=UTC)
    return datetime.combine(newest, datetime.min.time(), UTC)


def _state(row: dict[str, Any]) -> str:
    if row["passed"]:
        return "passed"
    return "failed" if row["severity"] == "error" else "warned"


def _summed(rows: list[dict[str, Any]]) -> QualityState:
    states = [row["state"] for row in rows]
    worst = next((s for s in STATES if s in states), "unknown")
    return QualityState(worst, len(rows), states.count("failed"), states.count("warned"), max(row["at"] for row in rows))
