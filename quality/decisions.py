"""Stewards' decisions on held rows: a fix or a waiver, with reason and who; the newest decision on a row counts."""

import getpass
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import outcomes, tables
from lakehouse.settings import settings

TABLE = "ops.steward_decisions"
_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("dataset", pa.string()), ("hold_id", pa.string()), ("kind", pa.string()), ("changes", pa.string()),
        ("reason", pa.string()), ("decided_by", pa.string()), ("decided_at", _TIME), ("expires_at", _TIME),
        ("observed_at", _TIME),
    ]
)  # fmt: skip
KINDS = ("fix", "waive", "undo")


@dataclass(frozen=True)
class Decision:
    """One decision. A fix changes columns; a waiver lets the row pass until it expires; undo takes the last one back."""

    dataset: str
    hold_id: str
    kind: str
    changes: dict[str, object]
    reason: str
    decided_by: str
    decided_at: datetime
    expires_at: datetime | None
    observed_at: datetime


def decide(
    dataset: str,
    hold_id: str,
    kind: str,
    reason: str,
    observed_at: datetime,
    changes: dict[str, object] | None = None,
    expires_at: datetime | None = None,
    decided_by: str | None = None,
) -> Decision:
    """Record a decision under `decided_by`, else the logged-in user of the operating system; `observed_at` is the row's.

    Raises ValueError when the reason is empty, a fix changes nothing, or a waiver has no end in the future.
    """
    if not reason.strip():
        raise ValueError("A decision needs a reason in words (--reason).")
    if kind == "fix" and not changes:
        raise ValueError("A fix changes at least one column (--set column=value).")
    if kind == "waive" and (expires_at is None or expires_at <= settings().as_of_time()):
        raise ValueError("A waiver needs an end in the future (--until 2026-12-31).")
    who = decided_by or getpass.getuser()
    made = Decision(dataset, hold_id, kind, changes or {}, reason.strip(), who, datetime.now(UTC), expires_at, observed_at)
    row = vars(made) | {"changes": json.dumps(made.changes, ensure_ascii=False, sort_keys=True)}
    tables.append(TABLE, pa.Table.from_pylist([row], SCHEMA))
    return made


def history(dataset: str) -> list[Decision]:
    """All decisions of the dataset, oldest first."""
    if not tables.exists(TABLE):
        return []
    rows = [r for r in tables.read(TABLE).to_pylist() if r["dataset"] == dataset]
    return [Decision(**r | {"changes": json.loads(r["changes"])}) for r in sorted(rows, key=lambda r: r["decided_at"])]


def built_with(dataset: str) -> dict[str, str]:
    """Held row -> instant (ISO) of the decision with which silver was built last."""
    return (outcomes.last_inputs("silver", dataset) or {}).get("decisions") or {}


def in_force(dataset: str) -> dict[str, Decision]:
    """The decision that counts for each held row at the lake's clock; undone and expired ones are left out."""
    standing: dict[str, list[Decision]] = {}
    for decision in history(dataset):
        stack = standing.setdefault(decision.hold_id, [])
        if decision.kind == "undo":
            del stack[-1:]
        else:
            stack.append(decision)
    now = settings().as_of_time()
    return {h: s[-1] for h, s in standing.items() if s and (s[-1].expires_at is None or s[-1].expires_at > now)}
