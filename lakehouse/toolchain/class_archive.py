"""A class-data archive of Java: the classes of a Spark session with Delta and Sedona, ready to be mapped.

It is made once by `./lake`, by a small session of its own that ends in good order: 25 s once against
3-6 s at every start (`lake bench start`). One that does not fit Java or jars any more is not offered.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from lakehouse.settings import settings
from lakehouse.toolchain.java import chosen_java
from lakehouse.toolchain.spark_jars import lock_file

RECORD_TO = "LAKE_INTERNAL_RECORD_CLASSES"  # set for the one session that makes the archive


def class_archive_options() -> list[str]:
    """JVM options for `spark.driver.extraJavaOptions`; none while there is no archive that fits."""
    if record_to := os.environ.get(RECORD_TO):
        quick = "-XX:TieredStopAtLevel=1"  # which classes are loaded does not depend on how well they are compiled
        return [java_option(f"-XX:ArchiveClassesAtExit={record_to}"), quick]
    file = archive_file()
    return [java_option(f"-XX:SharedArchiveFile={file}")] if file.is_file() else []


def java_option(option: str) -> str:
    """One option as Spark splits them: quoted where its path holds a space."""
    return f'"{option}"' if " " in option else option


def archive_file() -> Path:
    """Where the archive for the present Java, Spark and jars lies; the name holds a digest of the three."""
    java = chosen_java()
    ingredients = f"{java.runtime} {java.version} {version('pyspark')} {sys.prefix} {lock_file().read_text()}"
    return settings().toolchain / f"spark-{hashlib.sha256(ingredients.encode()).hexdigest()[:12]}.jsa"


def build_class_archive(say=print) -> None:
    """Make the archive unless it is there. It is renamed into its place: no half of one is ever used."""
    file = archive_file()
    if file.is_file():
        return
    fresh = file.with_suffix(".recording")
    fresh.unlink(missing_ok=True)
    _make_base_archive()
    with tempfile.TemporaryDirectory(prefix="lake-classes-") as scratch:
        environment = {
            **os.environ,
            RECORD_TO: str(fresh),
            "LAKE_DATA_HOME": scratch,
            "LAKE_SPARK_MASTER": "local[2]",
        }
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "lakehouse.toolchain.first_session"],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip
    if answer.returncode or not fresh.is_file():
        raise RuntimeError(f"{(answer.stdout + answer.stderr)[-3000:]}\nThe first Spark session failed: run `lake doctor`.")
    for old in file.parent.glob("spark-*.jsa"):
        old.unlink()
    fresh.replace(file)
    say(f"  {file.name}  {file.stat().st_size / 1e6:.0f} MB")


def _make_base_archive() -> None:
    """The wheel's runtime lacks Java's own archive, on which ours is built; Java makes it itself in 2 s."""
    runtime = chosen_java().runtime
    if not list(runtime.glob("lib/server/classes*.jsa")):
        subprocess.run([runtime / "bin" / "java", "-Xshare:dump", "-Xlog:disable"], check=True, capture_output=True)
