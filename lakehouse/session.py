"""The one Spark session of a process: Delta and Sedona on, UTC, and all tables of the lake registered."""

import contextlib
import logging
import os
import signal
import sys
import threading
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lakehouse import progress, tables, toolchain
from lakehouse.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OPTIONS = {
    "spark.sql.extensions": ("io.delta.sql.DeltaSparkSessionExtension,org.apache.sedona.sql.SedonaSqlExtensions"),
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # INT96 reads back without a zone
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",  # default: 10,000 tasks in VACUUM
    "spark.sql.codegen.cache.maxEntries": "2000",  # default: 100, fewer than one build of gold has; all would be compiled again
    "spark.databricks.delta.snapshotPartitions": "2",  # default: 50 empty tasks a log replay
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

CANCEL_SECONDS = 5.0
PY4J_LOGGERS = ("", "py4j", "py4j.clientserver", "py4j.java_gateway")  # a filter holds for its own logger alone


@cache
def spark_session() -> "SparkSession":
    """Start (once a process) and return the session; tables are `<layer>.<name>`.

    Raises RuntimeError with the mending command when Java or the jars are missing.
    """
    os.environ["JAVA_HOME"] = str(toolchain.java_home())
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    progress.doing("Spark starts")
    _keep_real_messages()
    builder = SparkSession.builder.appName("lake").master(settings().spark_master)
    for key, value in {**OPTIONS, **_machine_options()}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    _stop_jobs_at_ctrl_c(spark)
    register_tables(spark)
    return spark


def _machine_options() -> dict[str, str]:
    scratch = settings().data_home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    log_options = [
        f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}",
        toolchain.java_option(f"-Dlake.log={settings().logs / 'spark.log'}"),
    ]
    return {
        "spark.jars": ",".join(str(jar) for jar in toolchain.jars()),
        "spark.driver.memory": settings().spark_memory,
        "spark.executor.memory": settings().spark_executor_memory,
        "spark.driver.extraJavaOptions": " ".join(
            ["-Xlog:disable", "-Xlog:all=error:stderr", *log_options, *toolchain.class_archive_options()]
        ),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(settings().tables),
    }


def _stop_jobs_at_ctrl_c(spark: "SparkSession") -> None:
    """PySpark's own handler asks the JVM over the very connection that Ctrl-C interrupts; another thread has its own."""

    def ask() -> None:
        with contextlib.suppress(Exception):  # the JVM may be gone already
            spark.sparkContext.cancelAllJobs()

    def stop(number: int, frame: FrameType | None) -> None:
        for name in PY4J_LOGGERS:
            logging.getLogger(name).addFilter(_is_not_of_py4j)
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(CANCEL_SECONDS)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, stop)


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """py4j logs with tracebacks that Ctrl-C came, and that the JVM has gone with it; the command says it in one sentence."""
    return "py4j" not in Path(record.pathname).parts


def _keep_real_messages() -> None:
    """PySpark 4.0 asks Spark's own error table for Delta's messages, fails, and loses the text; keep it."""
    from pyspark.errors.exceptions.base import PySparkException

    PySparkException._log_exception = lambda self: None


def register_tables(spark: "SparkSession") -> None:
    """Make every Delta folder of the lake a table of the in-memory catalog. The folder is the truth."""
    for layer in tables.LAYERS:
        spark.sql(f"create database if not exists {layer} location '{settings().tables / layer}'")
    known = {f"{layer}.{t.name}" for layer in tables.LAYERS for t in spark.catalog.listTables(layer) if not t.isTemporary}
    for name in tables.names():
        if name not in known:
            register(spark, name)


def register(spark: "SparkSession", name: str) -> None:
    """Register one table by its folder; again is harmless."""
    spark.sql(f"create table if not exists {name} using delta location '{tables.location(name)}'")
