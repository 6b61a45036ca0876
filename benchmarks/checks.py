"""How many rows break each row rule of the contract, counted in one pass from the derived predicates.

Ours: the rules as Spark SQL in one aggregate, and as Arrow masks. Peers: Great Expectations as it comes and at its
quickest, DuckDB counting the same predicates, alone and while it splits the rows into two outputs.
"""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlglot

from benchmarks.measure import Claim, Timing, in_child, ratio, serve, show, surroundings
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import mask, spark_sql
from lakehouse.contracts.model import Rule

DATASET = "environment__air_quality"
FILES = 4
SHARE_BROKEN = 0.002  # of the rows, for each rule that random values can break
THREADS = 2
OURS, MASKS = "ours: Spark SQL, one pass", "ours: Arrow masks"
GX, GX_QUICK = "Great Expectations, defaults", "Great Expectations, BOOLEAN_ONLY, not persisted"
DUCK, DUCK_SPLIT = "DuckDB, counts", "DuckDB, counts and both outputs"


def rules() -> tuple[Rule, ...]:
    return contracts()[DATASET].row_rules()


def run(rows: int, repeats: int) -> bool:
    """Generate the rows, measure each variant in a process of its own; whether the targets are met.

    Raises RuntimeError if two variants count differently.
    """
    timings, counted = {}, {}
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as scratch:
        environment = surroundings(Path(scratch), Path(scratch) / "data")
        write_rows(Path(scratch), rows)
        for name in VARIANTS:
            timings[name], counted[name] = in_child("benchmarks.checks", name, Path(scratch), repeats, environment)
    if different := [n for n, c in counted.items() if c != counted[OURS] and n != GX_QUICK]:
        raise RuntimeError(f"{', '.join(different)} counted differently: {counted}")
    broken = sum(counted[OURS].values())
    title = f"checks: {rows:,} rows x {len(rules())} rules of {DATASET}, {broken:,} breaks"
    return show(title, timings, claims(timings))


def claims(timings: dict[str, Timing]) -> list[Claim]:
    return [
        ratio(timings, GX, OURS, 4, at_least=True),
        ratio(timings, OURS, DUCK_SPLIT, 1.3),
        ratio(timings, MASKS, DUCK, 1.3),
    ]


def write_rows(folder: Path, rows: int) -> None:
    """FILES Parquet files of random readings that break each rule a little; the same at every run."""
    for number, part in enumerate(np.array_split(np.arange(rows), FILES)):
        pq.write_table(readings(len(part), np.random.default_rng([4, number])), folder / f"part-{number}.parquet")


def readings(rows: int, random: np.random.Generator) -> pa.Table:
    """Random candidate readings with the columns that the rules read."""

    def words(values: list[str], odd: str | None = None) -> pa.Array:
        codes = random.integers(0, len(values), rows)
        codes = np.where(random.random(rows) < SHARE_BROKEN, len(values), codes)
        return pa.array([*values, odd], pa.string()).take(pa.array(codes))

    def flawed(values: np.ndarray, flaw: float) -> np.ndarray:
        return np.where(random.random(rows) < SHARE_BROKEN, flaw, values)

    pollutant = words(["pm25", "pm10", "so2", "no2", "co", "o3"])
    value = flawed(flawed(flawed(random.gamma(2, 40, rows), -5.0), 12_000.0), 999.0)
    value = np.where(pc.is_null(pollutant), 10.0, value)  # peers disagree about the cap of an unknown pollutant
    observed = pa.array(1_500_000_000_000_000 + np.arange(rows) * 1_000_000, pa.timestamp("us", tz="UTC"))
    return pa.table({
        "station_id": words([f"station-{i}" for i in range(100)]), "pollutant_code": pollutant,
        "period": words(["hour", "minute", "rtd"], "fortnight"),
        "observed_at": pc.if_else(pa.array(random.random(rows) < SHARE_BROKEN), None, observed),
        "value": pa.array(value, mask=random.random(rows) < SHARE_BROKEN),
        "unit_code": words(["ug/m3", "mg/m3"]), "flag": words(["ok"] * 9 + ["fault"], "odd"),
    })  # fmt: skip


def parts(folder: Path) -> list[str]:
    return sorted(str(p) for p in folder.glob("part-*.parquet"))


def spark_one_pass(folder: Path):
    from lakehouse.session import spark_session

    frame = spark_session().read.parquet(*parts(folder))
    sums = [f"sum(cast(not {spark_sql(r.predicate)} as bigint)) as `{r.name}`" for r in rules()]
    return lambda: frame.selectExpr(*sums).first().asDict()


def arrow_masks(folder: Path):
    def broken(file: str) -> list[int]:
        rows = pq.read_table(file, use_threads=False).combine_chunks()
        return [rows.num_rows - pc.sum(mask(r.predicate, rows)).as_py() for r in rules()]

    def count() -> dict[str, int]:
        with ThreadPoolExecutor(THREADS) as pool:
            per_file = list(pool.map(broken, parts(folder)))
        return dict(zip((r.name for r in rules()), map(sum, zip(*per_file, strict=True)), strict=True))

    return count


def duck_predicates() -> dict[str, str]:
    return {r.name: sqlglot.transpile(spark_sql(r.predicate), read="spark", write="duckdb")[0] for r in rules()}


def duck_counts(folder: Path):
    import duckdb

    db = duckdb.connect(config={"threads": THREADS})
    sums = ", ".join(f"count(*) filter (where not {p}) as {name}" for name, p in duck_predicates().items())
    query = f"select {sums} from read_parquet({parts(folder)})"
    return lambda: dict(zip(duck_predicates(), db.execute(query).fetchone(), strict=True))


def duck_split(folder: Path):
    import duckdb

    db = duckdb.connect(config={"threads": THREADS})
    holds = " and ".join(duck_predicates().values())
    count = duck_counts(folder)

    def split() -> dict[str, int]:
        found = count()
        for name, condition in (("valid", holds), ("held", f"not ({holds})")):
            rows = f"select * from read_parquet({parts(folder)}) where {condition}"
            db.execute(f"copy ({rows}) to '{folder / name}.out' (format parquet)")
        return found

    return split


def great_expectations(folder: Path, **how):
    import great_expectations as gx

    from lakehouse.session import spark_session

    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    frame = spark_session().read.parquet(*parts(folder))  # before Great Expectations starts a session of its own
    source = gx.get_context(mode="ephemeral").data_sources.add_spark("rows", **how.get("source", {}))
    batches = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("rows")
    suite = gx.ExpectationSuite("rules", expectations=[hand_written(gx.expectations, r.name) for r in rules()])

    def validate() -> dict[str, int]:
        answer = batches.get_batch({"dataframe": frame}).validate(suite, **how.get("validate", {}))
        found = {r.expectation_config.meta["rule"]: r.result.get("unexpected_count") for r in answer.results}
        return {r.name: found[r.name] for r in rules()}

    return validate


def hand_written(gxe, rule: str):
    """The rule as somebody who knows Great Expectations would write it."""
    meta = {"rule": rule}
    if rule.endswith("_required"):
        return gxe.ExpectColumnValuesToNotBeNull(column=rule.removesuffix("_required"), meta=meta)
    flags = ["ok", "missing", "calibration", "maintenance", "fault", "over_range", "stopped", "manual", "communication"]
    only = {"condition_parser": "spark", "meta": meta}
    return {
        "period_known": lambda: gxe.ExpectColumnValuesToBeInSet(
            column="period", value_set=["rtd", "minute", "hour", "day"], meta=meta
        ),
        "flag_known": lambda: gxe.ExpectColumnValuesToBeInSet(column="flag", value_set=flags, meta=meta),
        "value_not_negative": lambda: gxe.ExpectColumnValuesToBeBetween(column="value", min_value=0, meta=meta),
        "value_below_physical_limit": lambda: gxe.ExpectColumnValuesToBeBetween(column="value", max_value=10_000, meta=meta),
        "pm25_below_instrument_cap": lambda: gxe.ExpectColumnValuesToBeBetween(
            column="value", max_value=999, strict_max=True, row_condition="pollutant_code = 'pm25'", **only
        ),
        "missing_value_is_flagged": lambda: gxe.ExpectColumnValuesToNotBeNull(
            column="value", row_condition="flag = 'ok'", **only
        ),
    }[rule]()


VARIANTS = {
    OURS: spark_one_pass,
    MASKS: arrow_masks,
    DUCK: duck_counts,
    DUCK_SPLIT: duck_split,
    GX: great_expectations,
    GX_QUICK: lambda folder: great_expectations(folder, source={"persist": False}, validate={"result_format": "BOOLEAN_ONLY"}),
}

if __name__ == "__main__":
    serve(VARIANTS)
