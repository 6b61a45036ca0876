"""From the start of a process to its first answer, for commands that need no engine and for a Spark session.

Peers: the same question asked of Spark with Delta, without and with the class archive.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import edge_readings, etl
from benchmarks.measure import Claim, Timing, command, leave, ratio, show, surroundings
from lakehouse import tables
from lakehouse.settings import settings

ROWS, READINGS = 100_000, 20_000
QUESTION = "select count(*) from gold.first_answer where value > 50"
COMMANDS = {
    "lake status": ["status"],
    "lake tables": ["tables"],
    "lake quarantine list": ["quarantine", "list"],
    "lake sql": ["sql", QUESTION],
    "lake sql --lake": ["sql", "--lake", QUESTION],
}
ARCHIVE, PLAIN = "Spark, class archive", "Spark, plain"
COMMAND_LIMIT_S, ARCHIVE_LIMIT = 0.6, 0.65


def run(repeats: int) -> bool:
    """Measure each variant `repeats` + 1 times, in turn; whether the targets are met.

    Raises RuntimeError if a command without an engine starts Java.
    """
    from lakehouse.toolchain.class_archive import build_class_archive

    build_class_archive()
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as scratch:
        environment = surroundings(Path(scratch), Path(scratch) / "data")
        asked = [sys.executable, "-m", "benchmarks.start"]
        command([*asked, "lake"], environment)
        runs = {name: [] for name in (*COMMANDS, ARCHIVE, PLAIN)}
        for _ in range(repeats + 1):
            for name, words in COMMANDS.items():
                runs[name].append(command([sys.executable, "-m", "lakehouse.cli", *words], environment, without="java"))
            for name, kind in ((ARCHIVE, "archive"), (PLAIN, "plain")):
                runs[name].append(command([*asked, kind], environment))
    timings = {name: Timing(of[0], tuple(of[1:])) for name, of in runs.items()}
    return show(f"start: process start to first answer, {ROWS:,} rows", timings, claims(timings))


def claims(timings: dict[str, Timing]) -> list[Claim]:
    wall = {name: t.steady.wall_s for name, t in timings.items()}
    return [
        *(Claim(f"{name}, seconds", wall[name], COMMAND_LIMIT_S) for name in COMMANDS),
        ratio(timings, ARCHIVE, PLAIN, ARCHIVE_LIMIT),
    ]


def make_lake() -> None:
    """Silver and held rows of generated readings, a gold table of random values, and a serving file with that table."""
    import duckdb
    from deltalake import write_deltalake

    edge_readings.land(READINGS)
    etl.kernel_alone(etl.plan())
    rows = pa.table({"station": np.arange(ROWS) % 100, "value": np.random.default_rng(5).uniform(0, 100, ROWS)})
    write_deltalake(tables.location("gold.first_answer"), rows)
    settings().serving.mkdir(parents=True)
    with duckdb.connect(settings().serving / "serving.duckdb") as db:
        db.execute("create schema gold")
        db.register("rows", rows)
        db.execute("create table gold.first_answer as from rows")


def ask_spark(archive: bool) -> None:
    """One question to a new session of this process."""
    from lakehouse import toolchain
    from lakehouse.session import spark_session

    if not archive:
        toolchain.class_archive_options = list
    print(spark_session().sql(QUESTION).collect())


if __name__ == "__main__":
    make_lake() if sys.argv[1] == "lake" else ask_spark(sys.argv[1] == "archive")
    leave()
