"""What Spark needs beside Python: a Java, the pinned jars, a class archive; all in `LAKE_HOME/toolchain`.

`./lake` fills the toolchain once (`python -m lakehouse.toolchain`); a session only asks where things are.
"""

from lakehouse.toolchain.class_archive import class_archive_options, java_option
from lakehouse.toolchain.java import java_home
from lakehouse.toolchain.spark_jars import jars

__all__ = ["class_archive_options", "jars", "java_home", "java_option"]
