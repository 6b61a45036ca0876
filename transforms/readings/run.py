"""The kernel path: Spark schedules one task per slice, tasks write Parquet, the driver commits once per table.

Order of commits: quarantine, silver, hourly. A crash in between leaves silver behind its inputs, so the next run
plans the same slices again and writes the same rows.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse import outcomes, progress, tables
from lakehouse.contracts import Contracts, contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.pipeline import Plan
from quality import decisions
from transforms import slices
from transforms.held import quarantine_schema
from transforms.parts import bronze_files, commit, read_slice, run_tasks, write_part
from transforms.readings.candidates import candidates, columns_read
from transforms.readings.hourly import hourly
from transforms.readings.settle import settle


def run(plan: Plan) -> None:
    """Rebuild the plan's slices of one dataset and commit them with one outcome row."""
    known = contracts()
    dataset = known[plan["dataset"]]
    with outcomes.step(slices.STEP, dataset.id, plan["inputs"]) as outcome:
        written = _run_tasks(plan, known)
        progress.doing(f"{dataset.id}, commits")
        for name in (f"quarantine.{dataset.id}", dataset.table, f"{dataset.table}_hourly"):
            commit(name, [w for w in written if w["table"] == name], schema_of(name, known), dataset.partition)
        counts = [json.loads(w["counts"]) for w in written if w["table"] == dataset.table]
        outcome.rows_in = sum(c["candidates"] for c in counts)
        outcome.rows_out = outcome.accepted = sum(c["silver"] for c in counts)
        outcome.duplicate = sum(c["superseded"] for c in counts)
        outcome.quarantined = sum(c["quarantine"] for c in counts)
        outcome.detail["slices"] = len(plan["slices"])


def _run_tasks(plan: Plan, known: Contracts) -> list[dict[str, Any]]:
    work = json.dumps({**plan, "files": bronze_files(plan)})
    standing = decisions.in_force(plan["dataset"])
    roots = {name: str(tables.location(name)) for name in _outputs(plan["dataset"])}
    starts = [date.fromisoformat(s) for s in plan["slices"]]

    def build(number: int) -> list[dict[str, Any]]:
        return build_slice(json.loads(work), starts[number], known, standing, roots)

    return run_tasks(len(starts), build, plan["dataset"])


def _outputs(dataset_id: str) -> tuple[str, str, str]:
    return f"quarantine.{dataset_id}", f"silver.{dataset_id}", f"silver.{dataset_id}_hourly"


def schema_of(name: str, known: Contracts) -> pa.Schema:
    """Schema of a table that the kernel writes."""
    dataset = known[name.split(".")[1]]
    return quarantine_schema(dataset) if name.startswith("quarantine.") else arrow_schema(dataset)


def build_slice(work: Plan, start: date, known: Contracts, standing: dict, roots: dict[str, str]) -> list[dict[str, Any]]:
    """One slice, from bronze files to Parquet files; what was written, one row per table."""
    dataset = known[work["dataset"]]
    rows = pa.concat_tables([
        candidates(read_slice(work["files"][s.bronze_table], start, dataset.partition, columns_read(s)), s)
        for s in known.feeding(dataset.id) if work["files"].get(s.bronze_table)
    ])  # fmt: skip
    settled = settle(rows, dataset, standing)
    hours = hourly(settled.silver, known[f"{dataset.id}_hourly"])
    counts = {
        "candidates": rows.num_rows,
        "silver": settled.silver.num_rows,
        "superseded": settled.superseded,
        "quarantine": settled.quarantine.num_rows,
    }
    made = zip(_outputs(dataset.id), (settled.quarantine, settled.silver, hours), strict=True)
    return [write_part(Path(roots[name]), name, start, table, dataset.partition, counts) for name, table in made]
