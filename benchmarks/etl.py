"""Readings of a fleet of stations from bronze as landed to silver, quarantine and hourly values.

Ours: the kernel path (Spark schedules, Arrow computes, one commit a table) and the SQL path. Peers: DuckDB in the same
slices to Parquet, and plain Spark with Delta. All read the same bronze files and give the same rows.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import edge_readings
from benchmarks.measure import Claim, Timing, command, in_child, ratio, serve, show, surroundings
from lakehouse import tables
from lakehouse.contracts import Source, contracts
from lakehouse.pipeline import Plan
from lakehouse.settings import settings

DATASET = "environment__air_quality"
KERNEL, SQL, DUCK, SPARK = "ours: kernel path", "ours: SQL path", "DuckDB to Parquet", "plain Spark to Delta"
SMALLER = f"{KERNEL}, a tenth of the rows"
OUTPUTS = {"quarantine": f"quarantine.{DATASET}", "silver": f"silver.{DATASET}", "hourly": f"silver.{DATASET}_hourly"}
COMPARED = {
    "quarantine": "_hold_id, _record_id, _item_no, _source_code, checks, epoch_us(observed_at)",
    "silver": "station_id, pollutant_code, period, epoch_us(observed_at), value, unit_code, flag, _warnings, _record_id,"
    " _item_no, _source_code, _data_origin, epoch_us(_received_at), epoch_us(_available_at)",
    "hourly": "station_id, pollutant_code, epoch_us(hour_at), round(value, 9), unit_code, minutes_valid::bigint, period_used,"
    " _warnings, _record_id, _source_code, _data_origin, epoch_us(_received_at), epoch_us(_available_at)",
}
"""Per table what must be equal: all but the JSON text of a held row (engines write numbers differently) and the last
digits of a mean (engines add in another order)."""


def run(rows: int, repeats: int) -> bool:
    """Generate bronze, measure each variant in a process of its own; whether the targets are met.

    Raises RuntimeError if two variants give other rows.
    """
    timings: dict[str, Timing] = {}
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as scratch:
        whole, tenth = Path(scratch) / "whole", Path(scratch) / "tenth"
        for folder, readings in ((whole, rows), (tenth, rows // 10)):
            generate(folder, readings)
        found = {}
        for name in (KERNEL, DUCK, SQL, SPARK):
            timings[name], found[name] = measured(name, whole, repeats)
        timings[SMALLER], _ = measured(KERNEL, tenth, repeats)
    if different := [name for name, tables in found.items() if tables != found[KERNEL]]:
        raise RuntimeError(f"{', '.join(different)} gave other rows than {KERNEL}: {found}")
    counts = ", ".join(f"{tell[0]:,} {table}" for table, tell in found[KERNEL].items())
    return show(f"etl: {rows:,} readings -> {counts} rows, the same from all", timings, claims(timings))


def claims(timings: dict[str, Timing]) -> list[Claim]:
    return [
        ratio(timings, KERNEL, DUCK, 0.9),
        ratio(timings, SPARK, KERNEL, 6, at_least=True),
        ratio(timings, SQL, DUCK, 5),
        ratio(timings, KERNEL, SMALLER, 10),
        Claim(f"{KERNEL}, peak GB", timings[KERNEL].peak_mb / 1000, 4),
    ]


def generate(data_home: Path, readings: int) -> None:
    """Bronze of so many readings below `data_home`, by a process of its own."""
    command([sys.executable, "-m", "benchmarks.edge_readings", str(readings)], surroundings(data_home.parent, data_home))


def measured(name: str, source: Path, repeats: int) -> tuple[Timing, dict[str, list]]:
    """Timing of one variant in a lake of its own that shares the bronze of `source`, and what its tables hold."""
    data_home = source.with_name(f"{source.name}-{''.join(filter(str.isalpha, name))}")
    (data_home / "tables").mkdir(parents=True)
    (data_home / "tables" / "bronze").symlink_to(source / "tables" / "bronze")
    answer = in_child("benchmarks.etl", name, data_home, repeats, surroundings(data_home.parent, data_home))
    shutil.rmtree(data_home, ignore_errors=True)  # Java may still be clearing its own scratch folder
    return answer


def files_of(table: str) -> list[str]:
    """Parquet files of an output: of the Delta table, or as DuckDB wrote them."""
    if tables.exists(OUTPUTS[table]):
        return [str(file) for file in tables.files(OUTPUTS[table])]
    return [str(file) for file in parquet_folder().glob(f"{table}/*/*.parquet")]


def contents() -> dict[str, list]:
    """Of each output: number of rows, and a sum of their hashes that no order changes."""
    import duckdb

    query = "select count(*), sum(hash({})::hugeint)::varchar from read_parquet({}, hive_partitioning = false)"
    asked = {table: query.format(columns, files_of(table)) for table, columns in COMPARED.items()}
    return {table: list(duckdb.sql(text).fetchall()[0]) for table, text in asked.items()}


def parquet_folder() -> Path:
    return settings().data_home / "parquet"


def emptied(build: Callable[[], None]) -> Callable[[], dict[str, list]]:
    """The work of one run: outputs of the run before removed, then the build."""

    def work() -> None:
        for folder in (*map(tables.location, OUTPUTS.values()), parquet_folder()):
            shutil.rmtree(folder, ignore_errors=True)
        build()

    return work


def plan() -> Plan:
    """All slices of the generated bronze."""
    from transforms import slices

    return slices.resolve(contracts()[DATASET], contracts())


def kernel_alone(work: Plan) -> None:
    """The kernel path without Spark: what tasks and driver do, in this process, one slice after the other."""
    from transforms import parts
    from transforms.readings import run as path

    known = contracts()
    sliced = work | {"files": parts.bronze_files(work)}
    roots = {name: str(tables.location(name)) for name in OUTPUTS.values()}
    starts = map(date.fromisoformat, work["slices"])
    written = [part for start in starts for part in path.build_slice(sliced, start, known, {}, roots)]
    for name in OUTPUTS.values():
        own = [part for part in written if part["table"] == name]
        parts.commit(name, own, path.schema_of(name, known), known[DATASET].partition)


def kernel(_folder: Path):
    from lakehouse.session import spark_session
    from transforms.readings import run as path

    spark_session()
    return emptied(lambda: path.run(plan()))


def sql(_folder: Path):
    from benchmarks import etl_spark
    from lakehouse.session import spark_session
    from transforms.sql import run as path

    def build() -> None:
        path.run(plan())
        etl_spark.hours(spark, source(), contracts()[DATASET])  # the SQL path itself makes no hourly values

    spark = spark_session()
    return emptied(build)


def plain_spark(_folder: Path):
    from benchmarks import etl_spark
    from lakehouse.session import spark_session

    spark = spark_session()
    return emptied(lambda: etl_spark.build(spark, source(), contracts()[DATASET]))


def duck(_folder: Path):
    from benchmarks import etl_duckdb

    work = plan()
    starts = [date.fromisoformat(start) for start in work["slices"]]
    files = [str(file) for file in tables.files(source().bronze_table)]
    return emptied(lambda: etl_duckdb.build(files, starts, source(), contracts()[DATASET], parquet_folder()))


def source() -> Source:
    return contracts().sources[edge_readings.SOURCE]


VARIANTS = {KERNEL: kernel, SQL: sql, DUCK: duck, SPARK: plain_spark}

if __name__ == "__main__":
    serve(VARIANTS, contents)
