"""Run suites by Great Expectations on Spark frames; results become gate outcomes.

All expectations of a suite are aggregates, so the basic result format costs no second pass and says what was observed.
"""

import logging
import os
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lakehouse import tables
from lakehouse.contracts import Dataset
from lakehouse.session import spark_session
from quality.expectations.suite import Expected, derived_columns, expectations
from quality.gate_outcomes import GateOutcome

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

os.environ["GX_ANALYTICS_ENABLED"] = "false"
logging.getLogger("great_expectations").setLevel(logging.WARNING)
SOURCE = "lake"


def validate(dataset: Dataset, version: int, as_of: datetime, waived: int = 0) -> list[GateOutcome]:
    """Run the dataset's suite on one version of its table at the given clock.

    Values out of range in no more rows than stewards waived are their decision: a warning, not an error.
    """
    suite = expectations(dataset)
    results = run_suite(frame(dataset, version, as_of), dataset.table, suite)
    return [_outcome(dataset, one, result, waived) for one, result in zip(suite, results, strict=True)]


def frame(dataset: Dataset, version: int, as_of: datetime) -> "DataFrame":
    """The table with the derived columns of its suite."""
    rows = spark_session().read.format("delta").option("versionAsOf", version).load(str(tables.location(dataset.table)))
    derived = [f"{expression} as `{name}`" for name, expression in derived_columns(dataset, as_of).items()]
    return rows.selectExpr("*", *derived)


def run_suite(rows: "DataFrame", name: str, suite: Iterable[Expected]) -> list[Any]:
    """Great Expectations' results in the order of the suite."""
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configured = [
        ExpectationConfiguration(type=one.type, kwargs=one.kwargs, meta={"position": position}).to_domain_obj()
        for position, one in enumerate(suite)
    ]
    definition = _asset(name).add_batch_definition_whole_dataframe(f"{name}#{len(_asset(name).batch_definitions)}")
    batch = definition.get_batch({"dataframe": rows})
    answer = batch.validate(gx.ExpectationSuite(name, expectations=configured), result_format="BASIC")
    return sorted(answer.results, key=lambda r: r.expectation_config.meta["position"])


@cache
def _asset(name: str):
    return _source().add_dataframe_asset(name)


@cache
def _source():
    import great_expectations as gx
    from great_expectations.data_context.types import base

    base.logger.setLevel(logging.WARNING)  # its import sets a level of its own, and it announces every temporary folder
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = base.ProgressBarsConfig(globally=False)
    return context.data_sources.add_spark(SOURCE, persist=False)


def _outcome(dataset: Dataset, one: Expected, result: Any, waived: int) -> GateOutcome:
    observed, passed, severity = _observed(result), bool(result.success), one.severity
    message = one.message if passed else f"{dataset.table}: {one.message} Expected {one.expected}, observed {observed}."
    if not passed and one.is_waivable and 0 < (result.result.get("observed_value") or 0) <= waived:
        severity, message = "warning", f"{message} {waived} waivers of stewards stand."
    return GateOutcome(dataset.id, dataset.table, one.check, "expectation", severity, passed, observed, one.expected, message)


def _observed(result: Any) -> str:
    if result.exception_info and result.exception_info.get("raised_exception"):
        return f"no answer ({result.exception_info['exception_message']})"
    value = result.result.get("observed_value")
    if isinstance(value, list):
        return f"{len(value)} columns"
    return f"{value:,.1f}".removesuffix(".0") if isinstance(value, int | float) else str(value)
