"""Silver of kernel datasets built in this process, without an engine: the same slices, files and commits as a run's."""

from datetime import date

import pyarrow as pa

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from quality import decisions
from transforms import slices
from transforms.parts import bronze_files, commit
from transforms.readings import run as kernel
from transforms.records import run as records
from transforms.records.together import pieces


def build(dataset_id: str = "environment__air_quality") -> dict:
    """Rebuild the slices that changed and record the outcome, as the stage does; returns the plan (empty = nothing)."""
    known = contracts()
    plan = slices.resolve(known[dataset_id], known)
    if not plan:
        return plan
    with outcomes.step(slices.STEP, dataset_id, plan["inputs"]):
        (_of_records if known.is_of_records(dataset_id) else _of_readings)(plan)
    return plan


def _of_readings(plan: dict) -> None:
    known, name = contracts(), plan["dataset"]
    outputs = kernel._outputs(name)
    roots = {output: str(tables.location(output)) for output in outputs}
    work = {**plan, "files": bronze_files(plan)}
    starts = [date.fromisoformat(s) for s in plan["slices"]]
    written = [row for s in starts for row in kernel.build_slice(work, s, known, decisions.in_force(name), roots)]
    for output in outputs:
        own = [w for w in written if w["table"] == output]
        commit(output, own, kernel.schema_of(output, known), str(known[name].partition))


def _of_records(plan: dict) -> None:
    dataset = contracts()[plan["dataset"]]
    roots = {output: str(tables.location(output)) for output in records.tables_of(dataset)}
    files, standing = bronze_files(plan), decisions.in_force(dataset.id)
    written = [row for p in pieces(plan) for row in records.build_piece(dataset, p, files, contracts(), standing, roots)]
    records.commit_dataset(dataset, written)


def hours_of_gold() -> pa.Table:
    """The hourly values of silver as the rows of gold.fct_air_quality_hourly, without indices."""
    hours = tables.read("silver.environment__air_quality_hourly").to_pylist()
    rows = [{"hour_local": h["hour_at"], "rule_version": "HJ 633-2012", "event_month": h["_event_month"], **h} for h in hours]
    return pa.Table.from_pylist(rows, arrow_schema(contracts()["fct_air_quality_hourly"]))


def take_away(name: str, predicate: str) -> None:
    """Remove the one row of a table for which the SQL predicate holds, behind everybody's back."""
    table = tables.open_table(name)
    schema = table.to_pyarrow_dataset().schema
    with tables.duck(name) as connection:
        kept = connection.sql(f"from {name} where ({predicate}) is distinct from true").to_arrow_table().cast(schema)
    assert kept.num_rows == table.to_pyarrow_dataset().count_rows() - 1
    tables.replace(name, kept, table.metadata().partition_columns)
