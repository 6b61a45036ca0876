"""All slices of all record datasets as tasks of one Spark job; the driver commits each dataset.

Order of commits: quarantine, silver. A crash in between leaves silver behind its inputs, so the next run plans the same
slices again and writes the same rows.
"""

import json
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import outcomes, progress, tables, vault
from lakehouse.contracts import Contracts, Dataset, contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.outcomes import Outcome
from lakehouse.pipeline import Plan
from lakehouse.settings import adopt_secrets, settings
from quality import decisions
from transforms import slices
from transforms.held import quarantine_schema
from transforms.parts import bronze_files, commit, read_slice, run_tasks, write_part
from transforms.records.candidates import candidates, columns_read
from transforms.records.settle import settle
from transforms.records.together import pieces
from transforms.settled import Settled

Piece = tuple[date, ...]
"""The slices of a dataset that are settled together: most often one."""


def run(plans: list[Plan]) -> None:
    """Rebuild the plans' slices, and commit each dataset with an outcome row of its own."""
    known = contracts()
    with ExitStack() as steps:
        outcome = {p["dataset"]: steps.enter_context(outcomes.step(slices.STEP, p["dataset"], p["inputs"])) for p in plans}
        written = _run_tasks(plans, known)
        for plan in plans:
            progress.doing(f"{plan['dataset']}, commits")
            commit_dataset(known[plan["dataset"]], written)
            _count(outcome[plan["dataset"]], known[plan["dataset"]], written)


def tables_of(dataset: Dataset) -> dict[str, pa.Schema]:
    """The tables that the path writes, in order of their commits."""
    return {f"quarantine.{dataset.id}": quarantine_schema(dataset), dataset.table: arrow_schema(dataset)}


def commit_dataset(dataset: Dataset, written: list[dict[str, Any]]) -> None:
    """Commit what the tasks wrote of one dataset."""
    for name, schema in tables_of(dataset).items():
        commit(name, [w for w in written if w["table"] == name], schema, str(dataset.partition))


def _count(outcome: Outcome, dataset: Dataset, written: list[dict[str, Any]]) -> None:
    silver = [w for w in written if w["table"] == dataset.table]
    counts = [own for w in silver if (own := json.loads(w["counts"]))]
    outcome.rows_in = sum(c["candidates"] for c in counts)
    outcome.rows_out = outcome.accepted = sum(c["silver"] for c in counts)
    outcome.duplicate = sum(c["superseded"] for c in counts)
    outcome.quarantined = sum(c["quarantine"] for c in counts)
    outcome.detail["slices"] = len(silver)


def _run_tasks(plans: list[Plan], known: Contracts) -> list[dict[str, Any]]:
    tasks = [(p["dataset"], piece) for p in _largest_first(plans) for piece in pieces(p)]
    files = {p["dataset"]: bronze_files(p) for p in plans}
    standing = {p["dataset"]: decisions.in_force(p["dataset"]) for p in plans}
    roots = {name: str(tables.location(name)) for p in plans for name in tables_of(known[p["dataset"]])}

    secrets = settings().secrets
    must_hold = vault.FILE if (secrets / vault.FILE).exists() else ""

    def build(number: int) -> list[dict[str, Any]]:
        adopt_secrets(secrets, must_hold)  # without the vault no number could be judged, and nobody would notice
        dataset, piece = tasks[number]
        return build_piece(known[dataset], piece, files[dataset], known, standing[dataset], roots)

    return run_tasks(len(tasks), build, "records")


def _largest_first(plans: list[Plan]) -> list[Plan]:
    """So that no core waits for a large slice that was begun last."""
    return sorted(plans, key=lambda p: -sum(Path(file).stat().st_size for own in bronze_files(p).values() for file in own))


def build_piece(
    dataset: Dataset, piece: Piece, files: dict[str, list[str]], known: Contracts, standing: dict, roots: dict[str, str]
) -> list[dict[str, Any]]:
    """One piece, from bronze files (by table) to Parquet files; what was written, one row per slice and table.

    What is counted stands at the first slice of the piece.
    """
    rows, settled = settled_piece(dataset, piece, files, known, standing)
    counts = {
        "candidates": rows,
        "silver": settled.silver.num_rows,
        "superseded": settled.superseded,
        "quarantine": settled.quarantine.num_rows,
    }
    partition = str(dataset.partition)
    return [
        write_part(
            Path(roots[name]),
            name,
            start,
            table.filter(pc.field(partition) == start),
            partition,
            counts if start == piece[0] else {},
        )
        for name, table in zip(tables_of(dataset), (settled.quarantine, settled.silver), strict=True)
        for start in piece
    ]


def settled_piece(
    dataset: Dataset, piece: Piece, files: dict[str, list[str]], known: Contracts, standing: dict
) -> tuple[int, Settled]:
    """How many candidates the slices have, and what becomes of them."""
    rows = pa.concat_tables([
        candidates(read_slice(files[s.bronze_table], start, str(dataset.partition), columns_read(s)), s, dataset)
        for s in known.feeding(dataset.id) if files.get(s.bronze_table) for start in piece
    ])  # fmt: skip
    return rows.num_rows, settle(rows, dataset, standing)
