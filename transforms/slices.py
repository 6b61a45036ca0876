"""Which slices (days or months of event time) of a silver dataset a run rebuilds, and from which versions."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from lakehouse import outcomes, tables
from lakehouse.contracts import Contracts, Dataset, Source
from lakehouse.contracts.load import FOLDER
from lakehouse.pipeline import Plan
from quality import decisions
from transforms.records.together import groups

STEP = "silver"


def resolve(dataset: Dataset, contracts: Contracts) -> Plan:
    """Inputs (bronze versions, rules, decisions) and the slices that differ from the last good run; {} = none.

    New bronze rows concern their slices, a decision the slice of its row, a changed contract, mapping or code
    list all slices, also those that silver holds and no source feeds any more. Slices that speak of one record are built
    `together`.
    """
    sources = [s for s in contracts.feeding(dataset.id) if tables.exists(s.bronze_table)]
    if not sources:
        return {}
    inputs = _inputs(dataset, sources)
    last = outcomes.last_inputs(STEP, dataset.id) if tables.exists(dataset.table) else None
    if last == inputs:
        return {}
    whole = last is None or last["rules"] != inputs["rules"]
    days = _slices_of_new_files(inputs["bronze"], {} if whole else last["bronze"], dataset.partition)
    if whole:
        days |= _slices_in(dataset)
    else:
        days |= _slices_of_decisions(dataset, inputs["decisions"], last["decisions"])
    together = [group for group in groups(dataset, contracts, inputs["bronze"]) if group & days] if days else []
    plan = {
        "dataset": dataset.id,
        "inputs": inputs,
        "whole": whole,
        "slices": sorted(d.isoformat() for d in days.union(*together)),
    }
    if together:
        plan["together"] = sorted(sorted(d.isoformat() for d in group) for group in together)
    return plan if days else {}


def _inputs(dataset: Dataset, sources: list[Source]) -> dict[str, Any]:
    return {
        "bronze": {s.bronze_table: tables.version(s.bronze_table) for s in sources},
        "rules": rules_hash(dataset),
        "decisions": {h: d.decided_at.isoformat() for h, d in decisions.in_force(dataset.id).items()},
    }


def _slices_in(dataset: Dataset) -> set[date]:
    """Slices that the silver table holds now."""
    if not tables.exists(dataset.table):
        return set()
    return {date.fromisoformat(p[dataset.partition]) for p in tables.open_table(dataset.table).partitions()}


def rules_hash(dataset: Dataset) -> str:
    """Content hash of the contract, its source mappings, the shared fields and the code lists."""
    own = [FOLDER.parent / dataset.path, *(FOLDER / dataset.domain / "sources").glob("*.yaml")]
    files = sorted([*own, *(FOLDER / "_shared").glob("*"), *(FOLDER / "reference").glob("*.csv")])
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()[:16]


def _slices_of_new_files(bronze: dict[str, int], seen: dict[str, int], partition: str | None) -> set[date]:
    found: set[date] = set()
    for name, version in bronze.items():
        if files := tables.files_added(name, seen.get(name), version):
            observed = ds.dataset(files, format="parquet").to_table(columns=["_observed_at"])["_observed_at"]
            days = pc.unique(pc.floor_temporal(observed, unit="day")).drop_null()
            found |= {start_of(day, partition) for day in days.to_pylist()}
    return found


def _slices_of_decisions(dataset: Dataset, now: dict[str, str], before: dict[str, str]) -> set[date]:
    changed = {h for h, _ in set(now.items()) ^ set(before.items())}
    return {start_of(d.observed_at, dataset.partition) for d in decisions.history(dataset.id) if d.hold_id in changed}


def start_of(instant: datetime, partition: str | None) -> date:
    """First day of the slice that holds the instant."""
    day = instant.astimezone(UTC).date()
    return day.replace(day=1) if partition == "_event_month" else day


def slice_of(observed: pa.ChunkedArray, partition: str) -> pa.Array:
    """The partition (date32) that an instant falls into: its UTC day or the first day of its UTC month."""
    days = observed.combine_chunks().cast(pa.date32(), safe=False).dictionary_encode()
    unit = {"_event_date": "day", "_event_month": "month"}[partition]
    return pc.floor_temporal(days.dictionary, unit=unit).take(days.indices)


def bounds(start: date, partition: str | None) -> tuple[datetime, datetime]:
    """The slice's instants: from (included) and to (excluded)."""
    low = datetime(start.year, start.month, start.day, tzinfo=UTC)
    after = (low + timedelta(days=32)).replace(day=1) if partition == "_event_month" else low + timedelta(days=1)
    return low, after
