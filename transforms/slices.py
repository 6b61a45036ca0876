"""Which slices (days or months of event time) of a silver dataset a run has to rebuild, and from which versions."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from lakehouse import outcomes, tables
from lakehouse.contracts import Contracts, Dataset
from lakehouse.contracts.load import FOLDER
from lakehouse.pipeline import Plan
from quality import decisions

STEP = "silver"


def resolve(dataset: Dataset, contracts: Contracts) -> Plan:
    """Inputs (bronze versions, rules, decisions) and the slices that differ from the last good run; empty = none.

    New bronze files concern the slices of their rows, a decision the slice of its row, a changed contract, mapping or
    code list all slices.
    """
    sources = [s for s in contracts.feeding(dataset.id) if tables.exists(s.bronze_table)]
    if not sources:
        return {}
    bronze = {s.bronze_table: tables.version(s.bronze_table) for s in sources}
    standing = {h: d.decided_at.isoformat() for h, d in decisions.in_force(dataset.id).items()}
    inputs: dict[str, Any] = {"bronze": bronze, "rules": rules_hash(dataset), "decisions": standing}
    last = outcomes.last_inputs(STEP, dataset.id) if tables.exists(dataset.table) else None
    if last == inputs:
        return {}
    whole = last is None or last["rules"] != inputs["rules"]
    days = _slices_of_new_files(bronze, {} if whole else last["bronze"], dataset.partition)
    if not whole:
        days |= _slices_of_decisions(dataset, standing, last["decisions"])
    return {
        "dataset": dataset.id,
        "inputs": inputs,
        "whole": whole,
        "slices": [d.isoformat() for d in sorted(days)],
    }


def rules_hash(dataset: Dataset) -> str:
    """Content hash of the contract, its source mappings, the shared fields and the code lists."""
    own = [FOLDER.parent / dataset.path, *(FOLDER / dataset.domain / "sources").glob("*.yaml")]
    files = sorted([*own, *(FOLDER / "_shared").glob("*"), *(FOLDER / "reference").glob("*.csv")])
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()[:16]


def _slices_of_new_files(
    bronze: dict[str, int | None], seen: dict[str, int], partition: str | None
) -> set[date]:
    found: set[date] = set()
    for name in bronze:
        files = tables.files_added(name, seen.get(name))
        if files:
            observed = ds.dataset(files, format="parquet").to_table(columns=["_observed_at"])["_observed_at"]
            found |= {
                start_of(day, partition)
                for day in pc.unique(pc.floor_temporal(observed, unit="day")).to_pylist()
            }
    return found


def _slices_of_decisions(dataset: Dataset, now: dict[str, str], before: dict[str, str]) -> set[date]:
    changed = {h for h, _ in set(now.items()) ^ set(before.items())}
    return {
        start_of(d.observed_at, dataset.partition)
        for d in decisions.history(dataset.id)
        if d.hold_id in changed
    }


def start_of(instant: datetime, partition: str | None) -> date:
    """First day of the slice that holds the instant."""
    day = instant.astimezone(UTC).date()
    return day.replace(day=1) if partition == "_event_month" else day


def bounds(start: date, partition: str | None) -> tuple[datetime, datetime]:
    """The slice's instants: from (included) and to (excluded)."""
    end = (
        (start + timedelta(days=32)).replace(day=1)
        if partition == "_event_month"
        else start + timedelta(days=1)
    )
    return datetime(start.year, start.month, start.day, tzinfo=UTC), datetime(
        end.year, end.month, end.day, tzinfo=UTC
    )


def local(uri: str) -> Path:
    """A table's file address as a path."""
    return Path(uri.removeprefix("file://"))
