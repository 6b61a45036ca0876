"""The SQL path: candidates of all sources, checks, winners and warnings as Spark SQL; slices replaced whole."""

from datetime import date

from pyspark.sql import DataFrame, SparkSession

from lakehouse import outcomes, progress, tables
from lakehouse.contracts import Dataset, contracts
from lakehouse.contracts.derive import arrow_schema, spark_sql
from lakehouse.pipeline import Plan
from lakehouse.session import register, spark_session
from quality import decisions
from quality.decisions import Decision
from transforms import slices
from transforms.sql import candidates
from transforms.sql import expressions as sql


def run(plan: Plan) -> None:
    """Rebuild the plan's slices of one dataset and write quarantine, then silver, with one outcome row."""
    known, spark = contracts(), spark_session()
    dataset = known[plan["dataset"]]
    progress.doing(dataset.id)
    with outcomes.step(slices.STEP, dataset.id, plan["inputs"]) as outcome:
        frames = [
            source_candidates(spark, dataset, s, plan)
            for s in known.feeding(dataset.id)
            if s.bronze_table in plan["inputs"]["bronze"]
        ]
        rows = frames[0]
        for frame in frames[1:]:
            rows = rows.unionByName(frame)
        checked = check(rows, dataset, decisions.in_force(dataset.id)).persist()
        write(quarantine(checked, dataset), f"quarantine.{dataset.id}", plan, dataset)
        write(winners(checked, dataset), dataset.table, plan, dataset)
        progress.doing(f"{dataset.id}, counting")
        outcome.rows_in = checked.count()
        held = checked.where("_held")
        outcome.quarantined = held.select("_hold_id").distinct().count()
        outcome.rows_out = outcome.accepted = _rows_of(dataset.table, plan, dataset)
        outcome.duplicate = outcome.rows_in - held.count() - outcome.accepted
        outcome.detail["slices"] = len(plan["slices"])
        checked.unpersist()


def source_candidates(spark: SparkSession, dataset: Dataset, source, plan: Plan) -> DataFrame:
    """Candidates of one source in the plan's slices, from the bronze version that the plan locked."""
    version = plan["inputs"]["bronze"][source.bronze_table]
    bronze = spark.read.format("delta").option("versionAsOf", version).load(str(tables.location(source.bronze_table)))
    bronze.where(_within("_observed_at", plan, dataset)).createOrReplaceTempView("bronze_rows")
    return spark.sql(candidates.statement(dataset, source))


def _within(column: str, plan: Plan, dataset: Dataset) -> str:
    unit = "month" if dataset.partition == "_event_month" else "day"
    starts = ", ".join(f"timestamp'{start} 00:00:00'" for start in plan["slices"])
    return f"date_trunc('{unit}', {column}) in ({starts})"


def check(rows: DataFrame, dataset: Dataset, standing: dict[str, Decision]) -> DataFrame:
    """Candidates with fixes applied, `_hold_id`, `_waived`, and `_held` = breaks an error rule without a waiver."""
    rows = rows.withColumn("_hold_id", _expr("concat(_record_id, '#', _item_no)"))
    fixes: dict[str, dict[str, object]] = {}
    for hold_id, decision in standing.items():
        for column, value in decision.changes.items():
            fixes.setdefault(column, {})[hold_id] = value
    fixed = sorted({h for values in fixes.values() for h in values})
    for column, values in fixes.items():
        cases = " ".join(f"when {sql.literal(h)} then {sql.literal(v)}" for h, v in values.items())
        rows = rows.withColumn(column, _expr(f"case _hold_id {cases} else {sql.name(column)} end"))
    if fixed:
        rows = rows.withColumn("_problem", _expr(f"case when _hold_id in {sql.one_of(fixed)} then null else _problem end"))
    waived = [h for h, d in standing.items() if d.kind == "waive"]
    has_key = " and ".join(f"{sql.name(k)} is not null" for k in dataset.primary_key)
    rows = rows.withColumn("_waived", _expr(f"{has_key} and _hold_id in {sql.one_of(waived)}" if waived else "false"))
    holds = " and ".join(["_problem is null", *(spark_sql(r.predicate) for r in dataset.row_rules("error"))])
    return rows.withColumn("_held", _expr(f"not ({holds}) and not _waived"))


def quarantine(checked: DataFrame, dataset: Dataset) -> DataFrame:
    """Held rows, each once, with every failed check and the row as JSON."""
    shown = ", ".join(sql.name(f.name) for f in dataset.fields)
    return (
        checked.where("_held")
        .dropDuplicates(["_hold_id"])  # equal ids are equal rows, so any one is the one
        .selectExpr(
            "_hold_id", "_record_id", "_item_no", "_source_code", "_delivery_id",
            f"{sql.failed_checks(dataset.row_rules('error'))} as checks",
            f"to_json(struct({shown}, _as_sent)) as row", "observed_at",
            f"{_slice(dataset)} as {dataset.partition}",
        )
    )  # fmt: skip


def winners(checked: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per key: highest rank and revision, then record id, then lowest item number; warnings named."""
    key = ", ".join(sql.name(k) for k in dataset.primary_key)
    place = f"row_number() over (partition by {key} order by _rank desc, _record_id desc, _item_no)"
    best = checked.where("not _held").withColumn("_place", _expr(place)).where("_place = 1")
    named = best.withColumn("_warnings", _expr(sql.warnings(dataset))).withColumn(dataset.partition, _expr(_slice(dataset)))
    return named.select(*arrow_schema(dataset).names)


def _slice(dataset: Dataset) -> str:
    return f"cast(date_trunc('{'month' if dataset.partition == '_event_month' else 'day'}', observed_at) as date)"


def write(rows: DataFrame, name: str, plan: Plan, dataset: Dataset) -> None:
    """Replace the plan's slices of the table, whatever they held before."""
    progress.doing(f"{name}, {len(plan['slices'])} slices of event time")
    concerned = f"{dataset.partition} in ({', '.join(sql.literal(s) for s in plan['slices'])})"
    writer = rows.write.format("delta").mode("overwrite").partitionBy(dataset.partition)
    if tables.exists(name):
        writer = writer.option("replaceWhere", concerned).option("partitionOverwriteMode", "static")
    writer.save(str(tables.location(name)))
    register(spark_session(), name)


def _rows_of(name: str, plan: Plan, dataset: Dataset) -> int:
    starts = [date.fromisoformat(s) for s in plan["slices"]]
    return tables.dataset(tables.open_table(name)).count_rows(filter=_is_in(dataset.partition, starts))


def _is_in(column: str, values: list[date]):
    import pyarrow.dataset as ds

    return ds.field(column).isin(values)


def _expr(text: str):
    from pyspark.sql.functions import expr

    return expr(text)
