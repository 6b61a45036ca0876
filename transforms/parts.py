"""Parts of tables: Spark schedules numbered tasks, tasks write Parquet, the driver commits once per table."""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
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
from lakehouse.pipeline import Plan
from lakehouse.session import spark_session
from transforms.slices import bounds

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


def run_tasks(count: int, build: Callable[[int], list[dict[str, Any]]], title: str) -> list[dict[str, Any]]:
    """What `build` wrote (rows of WRITTEN) for each number below `count`, one Spark task a number, in one job."""
    spark = spark_session()

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield pa.Table.from_pylist(build(number), WRITTEN).to_batches()[0]

    numbers = spark.range(0, count, numPartitions=count)
    schema = ", ".join(f"`{f.name}` {'bigint' if pa.types.is_integer(f.type) else 'string'}" for f in WRITTEN)
    tracker = spark.sparkContext.statusTracker()
    progress.doing(lambda: f"{title}, {_finished(tracker)} of {count} slices of event time")
    return [row.asDict() for row in numbers.mapInArrow(task, schema).collect()]


def _finished(tracker: StatusTracker) -> int:
    """Tasks of the stage at work that have ended; may be asked from any thread."""
    at_work = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    return sum(stage.numCompletedTasks for stage in at_work if stage)


def bronze_files(plan: Plan) -> dict[str, list[str]]:
    """Data files of each bronze table at the version that the plan locked."""
    return {name: [str(file) for file in tables.files(name, version)] for name, version in plan["inputs"]["bronze"].items()}


def read_slice(files: list[str], start: date, partition: str, wanted: list[str]) -> pa.Table:
    """Bronze rows of the slice, with those of the wanted columns that there are; row-group statistics prune the rest."""
    low, high = bounds(start, partition)
    moment = ds.field("_observed_at")
    schema = pa.unify_schemas([pq.read_schema(f) for f in files])
    columns = [name for name in wanted if name in schema.names]
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


def commit(name: str, written: list[dict[str, Any]], own: pa.Schema, partition: str) -> None:
    """Put the new files into the table in one transaction that removes the old files of the same slices."""
    schema = Schema.from_arrow(own)
    now = int(time.time() * 1000)
    actions = [
        AddAction(w["path"], w["size"], {partition: w["slice"]}, now, True, json.dumps({"numRecords": w["rows"]}))
        for w in written if w["path"]
    ]  # fmt: skip
    properties = CommitProperties(custom_metadata={"lake.run": outcomes.run_id()})
    if not tables.exists(name):
        create_table_with_add_actions(
            str(tables.location(name)),
            schema,
            actions,
            mode="overwrite",
            partition_by=[partition],
            commit_properties=properties,
        )
        return
    table = tables.open_table(name)
    check_plain(table, name)
    gone = [(partition, "in", sorted({w["slice"] for w in written}))]
    table.create_write_transaction(
        actions,
        "overwrite",
        schema,
        [partition],
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
