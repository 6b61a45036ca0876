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


def build(dataset_id: str = "environment__air_quality") -> dict:
    """Rebuild the slices that changed and record the outcome, as the stage does; returns the plan (empty = nothing)."""
    known = contracts()
    plan = slices.resolve(known[dataset_id], known)
    if not plan:
        return plan
    standing = decisions.in_force(dataset_id)
    outputs = kernel._outputs(dataset_id)
    roots = {name: str(tables.location(name)) for name in outputs}
    work = {**plan, "files": bronze_files(plan)}
    with outcomes.step(slices.STEP, dataset_id, plan["inputs"]):
        starts = [date.fromisoformat(s) for s in plan["slices"]]
        written = [row for s in starts for row in kernel.build_slice(work, s, known, standing, roots)]
        for name in outputs:
            commit(name, [w for w in written if w["table"] == name], kernel.schema_of(name, known), known[dataset_id].partition)
    return plan


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
