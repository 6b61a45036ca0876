"""The kernel path: Spark schedules one task per slice, tasks write Parquet, the driver commits once per table.

Order of commits: quarantine, silver, hourly. A crash in between leaves silver behind its inputs, so the next run
plans the same slices again and writes the same rows.
"""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyspark import StatusTracker

from lakehouse import outcomes, progress, tables
from lakehouse.contracts import Contracts, Source, contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.pipeline import Plan
from lakehouse.session import spark_session
from quality import decisions
from transforms import slices
from transforms.readings.candidates import candidates, columns_read
from transforms.readings.hourly import hourly
from transforms.readings.settle import quarantine_schema, settle

LARGEST_DICTIONARY = 64 << 20  # bytes; the default is too small for a month's record ids, which then go out one by one
WRITTEN = pa.schema(
    [
        ("table", pa.string()),
        ("slice", pa.string()),
        ("path", pa.string()),
        ("size", pa.int64()),
        ("rows", pa.int64()),
        ("counts", pa.string()),
    ]
)


def run(plan: Plan) -> None:
    """Rebuild the plan's slices of one dataset and commit them with one outcome row."""
    known = contracts()
    dataset = known[plan["dataset"]]
    with outcomes.step(slices.STEP, dataset.id, plan["inputs"]) as outcome:
        written = _run_tasks(plan, known)
        progress.doing(f"{dataset.id}, commits")
        for name in (f"quarantine.{dataset.id}", dataset.table, f"{dataset.table}_hourly"):
            commit(name, [w for w in written if w["table"] == name], plan, known)
        counts = [json.loads(w["counts"]) for w in written if w["table"] == dataset.table]
        outcome.rows_in = sum(c["candidates"] for c in counts)
        outcome.rows_out = outcome.accepted = sum(c["silver"] for c in counts)
        outcome.duplicate = sum(c["superseded"] for c in counts)
        outcome.quarantined = sum(c["quarantine"] for c in counts)
        outcome.detail["slices"] = len(plan["slices"])


def _run_tasks(plan: Plan, known: Contracts) -> list[dict[str, Any]]:
    spark = spark_session()
    work = json.dumps({**plan, "files": bronze_files(plan)})
    standing = decisions.in_force(plan["dataset"])
    roots = {name: str(tables.location(name)) for name in _outputs(plan["dataset"])}

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                rows = build_slice(json.loads(work), starts[number], known, standing, roots)
                yield pa.Table.from_pylist(rows, WRITTEN).to_batches()[0]

    starts = [date.fromisoformat(s) for s in plan["slices"]]
    numbers = spark.range(0, len(starts), numPartitions=len(starts))  # one task per slice
    schema = ", ".join(f"`{f.name}` {'bigint' if pa.types.is_integer(f.type) else 'string'}" for f in WRITTEN)
    tracker = spark.sparkContext.statusTracker()
    progress.doing(lambda: f"{plan['dataset']}, {_finished(tracker)} of {len(starts)} slices of event time")
    return [row.asDict() for row in numbers.mapInArrow(task, schema).collect()]


def _finished(tracker: StatusTracker) -> int:
    """Tasks of the stage at work that have ended; may be asked from any thread."""
    at_work = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    return sum(stage.numCompletedTasks for stage in at_work if stage)


def _outputs(dataset_id: str) -> tuple[str, str, str]:
    return f"quarantine.{dataset_id}", f"silver.{dataset_id}", f"silver.{dataset_id}_hourly"


def bronze_files(plan: Plan) -> dict[str, list[str]]:
    """Data files of each bronze table at the version that the plan locked."""
    return {name: [str(file) for file in tables.files(name, version)] for name, version in plan["inputs"]["bronze"].items()}


def build_slice(work: Plan, start: date, known: Contracts, standing: dict, roots: dict[str, str]) -> list[dict[str, Any]]:
    """One slice, from bronze files to Parquet files; what was written, one row per table."""
    dataset = known[work["dataset"]]
    rows = pa.concat_tables([
        candidates(read_slice(work["files"][s.bronze_table], start, dataset.partition, s), s)
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


def read_slice(files: list[str], start: date, partition: str | None, source: Source) -> pa.Table:
    """Bronze rows of the slice, with the columns that candidates are made of; row-group statistics prune the rest."""
    low, high = slices.bounds(start, partition)
    moment = ds.field("_observed_at")
    schema = pa.unify_schemas([pq.read_schema(f) for f in files])
    columns = [name for name in columns_read(source) if name in schema.names]
    spare = {"batch_readahead": 2, "fragment_readahead": 1}  # reading far ahead of a filter fills memory
    return ds.dataset(files, schema=schema, format="parquet").to_table(columns, (moment >= low) & (moment < high), **spare)


def write_part(root: Path, name: str, start: date, rows: pa.Table, partition: str, counts: dict[str, int]) -> dict[str, Any]:
    """Write one Parquet file of a partition (none when there are no rows) and describe it for the commit."""
    done = {
        "table": name,
        "slice": start.isoformat(),
        "path": "",
        "size": 0,
        "rows": rows.num_rows,
        "counts": json.dumps(counts),
    }
    if rows.num_rows:
        path = f"{partition}={start.isoformat()}/part-{uuid.uuid4().hex}.zstd.parquet"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        plain = {"store_schema": False, "dictionary_pagesize_limit": LARGEST_DICTIONARY}  # words are text to who reads the table
        pq.write_table(rows.drop_columns([partition]), root / path, compression="zstd", **plain)
        done |= {"path": path, "size": (root / path).stat().st_size}
    return done


def commit(name: str, written: list[dict[str, Any]], plan: Plan, known: Contracts) -> None:
    """Put the new files into the table in one transaction that removes the old files of the same slices."""
    dataset = known[plan["dataset"]]
    own = quarantine_schema(dataset) if name.startswith("quarantine.") else arrow_schema(known[name.split(".")[1]])
    schema = Schema.from_arrow(own)
    now = int(time.time() * 1000)
    actions = [
        AddAction(w["path"], w["size"], {dataset.partition: w["slice"]}, now, True, json.dumps({"numRecords": w["rows"]}))
        for w in written if w["path"]
    ]  # fmt: skip
    properties = CommitProperties(custom_metadata={"lake.run": outcomes.run_id()})
    if not tables.exists(name):
        create_table_with_add_actions(
            str(tables.location(name)),
            schema,
            actions,
            mode="overwrite",
            partition_by=[dataset.partition],
            commit_properties=properties,
        )
        return
    table = tables.open_table(name)
    check_plain(table, name)
    gone = [(dataset.partition, "in", sorted({w["slice"] for w in written}))]
    table.create_write_transaction(
        actions,
        "overwrite",
        schema,
        [dataset.partition],
        partition_filters=gone,
        commit_properties=properties,
    )


def check_plain(table: DeltaTable, name: str) -> None:
    """A raw commit enforces nothing, so the table may carry none of the features that need enforcing.

    Raises RuntimeError naming the feature.
    """
    features = set(table.protocol().writer_features or ()) - {"appendOnly", "invariants"}
    if features:
        raise RuntimeError(
            f"{name} carries {', '.join(sorted(features))}; tables that the kernel commits to carry no table features."
        )
