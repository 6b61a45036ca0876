"""The Python half of the set-up by `./lake`: `python -m lakehouse.toolchain openmp | jars | archive`."""

import signal
import sys

from lakehouse.toolchain.class_archive import build_class_archive
from lakehouse.toolchain.openmp import provide_openmp
from lakehouse.toolchain.spark_jars import fetch_jars

STEPS = {"openmp": provide_openmp, "jars": fetch_jars, "archive": build_class_archive}

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `./lake` ends a step so; its own processes end with it
    try:
        STEPS[sys.argv[1]](say=lambda words: print(words, file=sys.stderr))
    except RuntimeError as error:
        sys.exit(f"lake: {error}")
    except KeyboardInterrupt:
        sys.exit(130)  # `./lake` says the rest
