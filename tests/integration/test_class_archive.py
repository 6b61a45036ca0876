"""The class archive is really mapped by a JVM that is called as Spark calls it: Java says nothing when it refuses one."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

from lakehouse import toolchain


@pytest.mark.slow
def test_a_jvm_called_like_sparks_takes_its_classes_from_the_archive(tmp_path):
    options = toolchain.class_archive_options()
    if not options:
        pytest.skip("this toolchain has no class archive; ./lake makes it")
    spark = importlib.util.find_spec("pyspark")
    assert spark is not None and spark.origin is not None
    home = Path(spark.origin).parent
    logger = next(home.glob("jars/slf4j-api-*.jar"))
    class_path = f"hive-jackson/*:{home}/conf:{logger}:{home}/jars/*"
    log = tmp_path / "classes.log"
    command = [toolchain.java_home() / "bin" / "java", *options, f"-Xlog:class+load:file={log}", "-cp", class_path]
    subprocess.run([*command, "org.apache.spark.deploy.SparkSubmit", "--version"], check=True, capture_output=True)
    loaded = log.read_text().splitlines()
    mapped = sum("shared objects file (top)" in line for line in loaded)
    assert mapped > len(loaded) / 3, f"{mapped} of {len(loaded)} classes came from the archive"
