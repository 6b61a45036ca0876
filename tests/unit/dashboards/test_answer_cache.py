"""Cached chart answers follow the serving file's link; asked in Superset's own environment."""

import json
import subprocess
from pathlib import Path

import pytest

from lakehouse.settings import CHECKOUT, settings

STEPS = """
import json, os, sys
from dashboards.answer_cache import ServingAnswers
folder, link = sys.argv[1:]
cache = ServingAnswers(folder, threshold=50)
cache.serving_link = link
def point(version):
    os.path.lexists(link) and os.remove(link)
    os.symlink(version, link)
seen = {}
point("v1")
cache.get("chart"); cache.set("chart", "answer of v1")
seen["same version"] = cache.get("chart")
point("v2")
seen["after a swap"] = cache.get("chart")
point("v1"); cache.get("slow"); point("v2"); cache.set("slow", "answer of v1")
seen["asked before, stored after a swap"] = cache.get("slow")
cache.set("chart", "answer of v2")
seen["new answer"] = cache.get("chart")
seen["files counted"] = cache._file_count
print(json.dumps(seen))
"""


def test_answer_belongs_to_the_version_it_was_asked_of(tmp_path: Path) -> None:
    python = settings().toolchain / "superset" / "bin" / "python"
    if not python.exists():
        pytest.skip("the dashboards' environment is not made yet")
    command = [python, "-c", STEPS, tmp_path / "cache", tmp_path / "serving.duckdb"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT)
    assert json.loads(done.stdout or "{}") == {
        "same version": "answer of v1",
        "after a swap": None,
        "asked before, stored after a swap": None,
        "new answer": "answer of v2",
        "files counted": 3,
    }, done.stderr
