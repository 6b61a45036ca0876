"""Every step writes one outcome row: what ran, on which table versions, where the rows went, how it ended."""

import json
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables

TABLE = "ops.run_outcomes"

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("run_id", pa.string()), ("stage", pa.string()), ("dataset", pa.string()), ("inputs", pa.string()),
        ("rows_in", pa.int64()), ("accepted", pa.int64()), ("duplicate", pa.int64()),
        ("quarantined", pa.int64()), ("dead_letter", pa.int64()), ("rows_out", pa.int64()),
        ("seconds", pa.float64()), ("state", pa.string()), ("error", pa.string()), ("started_at", _TIME),
        ("detail", pa.string()),
    ]
)  # fmt: skip


@cache
def run_id() -> str:
    """Identity of this process's run: start time and a random tail."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


@dataclass
class Outcome:
    """The figures of one step; the step fills them in while it works."""

    stage: str
    dataset: str
    inputs: dict[str, object] = field(default_factory=dict)
    rows_in: int | None = None
    accepted: int | None = None
    duplicate: int | None = None
    quarantined: int | None = None
    dead_letter: int | None = None
    rows_out: int | None = None
    detail: dict[str, object] = field(default_factory=dict)


@contextmanager
def step(stage: str, dataset: str, inputs: dict[str, object] | None = None) -> Iterator[Outcome]:
    """Run one step; its outcome is written whether it ends well or not. The error is passed on."""
    outcome = Outcome(stage, dataset, dict(inputs or {}))
    started, clock = datetime.now(UTC), time.monotonic()
    state, error = "ok", None
    try:
        yield outcome
    except BaseException as failure:
        state, error = "failed", "".join(traceback.format_exception_only(failure)).strip()[:2000]
        raise
    finally:
        _write(outcome, started, time.monotonic() - clock, state, error)


def _write(outcome: Outcome, started: datetime, seconds: float, state: str, error: str | None) -> None:
    row = asdict(outcome) | {
        "run_id": run_id(), "started_at": started, "seconds": round(seconds, 3),
        "state": state, "error": error,
        "inputs": json.dumps(outcome.inputs, sort_keys=True),
        "detail": json.dumps(outcome.detail, sort_keys=True),
    }  # fmt: skip
    tables.append(TABLE, tables.arrow_rows([row], SCHEMA))


def last_inputs(stage: str, dataset: str) -> dict[str, object] | None:
    """Inputs of the last successful step of that stage and dataset; None = it never ran well."""
    version = tables.version(TABLE)
    if version is None:
        return None
    held = _last_inputs(tables.location(TABLE), version).get((stage, dataset))
    return json.loads(held) if held is not None else None


@lru_cache(maxsize=1)
def _last_inputs(_: Path, version: int) -> dict[tuple[str, str], str]:
    """Inputs as text by stage and dataset: read once a version, as every stage asks for many datasets."""
    columns = ["stage", "dataset", "inputs", "started_at"]
    done = tables.read(TABLE, columns, version, filters=pc.field("state") == "ok").sort_by("started_at")
    stages, datasets, inputs = (done[name].to_pylist() for name in columns[:3])
    return dict(zip(zip(stages, datasets, strict=True), inputs, strict=True))
