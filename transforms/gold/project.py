"""The dbt project, run in this process and in the live Spark session."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakehouse import progress
from lakehouse.session import register_tables, spark_session
from lakehouse.settings import CHECKOUT, settings

FOLDER = CHECKOUT / "dbt_project"
THREADS = 4  # statements are short; Spark schedules their tasks on the cores it has
QUIET = ("--log-level", "none", "--no-print")  # the answer has dbt's words


class GoldError(RuntimeError):
    """A model or a data test failed; the message names it, the count and what to look at."""


@dataclass(frozen=True)
class NodeResult:
    """How one model or test ended. `failures`: rows that a test found."""

    name: str
    kind: str
    status: str
    seconds: float
    failures: int | None
    message: str


def build(variables: dict[str, Any], select: Sequence[str] = (), exclude: Sequence[str] = (), full_refresh: bool = False,
          command: str = "build", skip: Sequence[str] = ("unit_test",)) -> list[NodeResult]:  # fmt: skip
    """Run dbt's `command` on the selected models (none = all) with their data tests.

    Returns one result per model and test. Raises GoldError with one sentence when any of them failed.
    """
    register_tables(spark_session())
    arguments = [command, *_places(), "--vars", json.dumps(variables)]
    arguments += [word for kind in skip for word in ("--exclude-resource-type", kind)]
    arguments += ["--select", *select] if select else []
    arguments += ["--exclude", *exclude] if exclude else []
    arguments += ["--full-refresh"] if full_refresh else []
    return _checked(_invoke(arguments))


def generate_docs() -> Path:
    """Write dbt's documentation (one offline page) and return its path."""
    register_tables(spark_session())
    _checked(_invoke(["docs", "generate", "--static", *_places()]))
    return _home() / "target" / "static_index.html"


def _home() -> Path:
    return settings().data_home / "dbt"


def _places() -> list[str]:
    home = _home()
    home.mkdir(parents=True, exist_ok=True)
    target = {"type": "spark", "method": "session", "host": "localhost", "schema": "gold", "threads": THREADS}
    (home / "profiles.yml").write_text(yaml.safe_dump({"lake": {"target": "session", "outputs": {"session": target}}}), "utf-8")
    return [
        "--project-dir",
        str(FOLDER),
        "--profiles-dir",
        str(home),
        "--target-path",
        str(home / "target"),
        "--log-path",
        str(home / "logs"),
    ]


def _invoke(arguments: list[str]):
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    project = Manifest.from_msgpack(_project())  # a run writes down in it what it compiles, so each has its own
    return dbtRunner(manifest=project, callbacks=[_tell]).invoke([*QUIET, *arguments])


@cache
def _project() -> bytes:
    """The project, read once a process: variables are looked up when SQL is compiled, not when it is read."""
    os.environ["DO_NOT_TRACK"] = "1"
    from dbt.cli.main import dbtRunner

    progress.doing("dbt reads its project")
    answer = dbtRunner().invoke([*QUIET, "parse", *_places()])
    _checked(answer)
    return answer.result.to_msgpack()


def _tell(event) -> None:
    """One of dbt's events: when it begins a model or a test, its number and name are what is being done."""
    if event.info.name == "LogStartLine":
        progress.doing(f"{event.data.index} of {event.data.total}, {event.data.description}")


def _checked(answer) -> list[NodeResult]:
    if isinstance(answer.exception, KeyboardInterrupt):
        raise answer.exception
    if answer.exception is not None:
        raise GoldError(f"dbt could not start: {_one_line(str(answer.exception))[:400]}")
    results = [_result(r) for r in getattr(answer.result, "results", ())]
    failed = [r for r in results if r.status in ("error", "fail", "runtime error")]
    failed = failed or [r for r in results if r.kind == "model" and r.status == "skipped"]  # for a fault in an ephemeral one
    if failed:
        raise GoldError(
            "; ".join(_sentence(r) for r in failed[:3]) + (f"; and {len(failed) - 3} more" if failed[3:] else "") + "."
        )
    return results


def _result(raw) -> NodeResult:
    message = _one_line(raw.message or "")
    return NodeResult(raw.node.name, str(raw.node.resource_type), str(raw.status), raw.execution_time, raw.failures, message)


def _sentence(result: NodeResult) -> str:
    if result.status == "fail":
        return f"{result.kind} {result.name} found {result.failures} rows that break it (its query: {_home()}/target/compiled)"
    return f"{result.kind} {result.name} broke: {result.message[:400]}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
