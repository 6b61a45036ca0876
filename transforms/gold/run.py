"""The stages `gold` and `gold_forecasts`: reference tables, then dbt's models and their data tests."""

import json

from lakehouse import outcomes, tables
from lakehouse.contracts import contracts
from lakehouse.pipeline import Plan
from transforms.gold import project
from transforms.gold.reference import load_reference


def gold(work: Plan) -> None:
    """Build the planned gold tables and months (none named = all) and test them.

    Raises GoldError naming the model or test that failed; gold then keeps what was built before it.
    """
    with outcomes.step("gold", "gold", work["inputs"]) as outcome:
        references = load_reference()
        evidence = _table_versions(work["inputs"]) | {name: tables.version(name) for name in references}
        chosen = {"select": work["select"], "exclude": work["exclude"], "full_refresh": work["months"] is None}
        results = project.build(_variables(work, evidence), **chosen)
        outcome.detail = _summary(results) | {"months": work["months"], "reference_changed": _names(references)}
    _record_models("gold", results, evidence)


def gold_forecasts(work: Plan) -> None:
    """Build the table of forecasts beside measurements and test it."""
    with outcomes.step("gold_forecasts", "gold_forecasts", work["inputs"]) as outcome:
        results = project.build(_variables(work, _table_versions(work["inputs"])), select=["tag:forecast"])
        outcome.detail = _summary(results)
    _record_models("gold_forecasts", results, _table_versions(work["inputs"]))


def _variables(work: Plan, evidence: dict[str, int]) -> dict[str, object]:
    return {
        "as_of": work["as_of"],
        "months": work.get("months"),
        "latency_hours": int(contracts()["agg_air_quality_daily"].sla["latency"].hours),
        "input_versions": json.dumps(evidence, sort_keys=True),
        "run_id": outcomes.run_id(),
    }


def _table_versions(inputs: dict[str, object]) -> dict[str, int]:
    return {name: version for name, version in inputs.items() if isinstance(version, int)}


def _names(changed: dict[str, bool]) -> list[str]:
    return [name for name, was_written in changed.items() if was_written]


def _summary(results: list[project.NodeResult]) -> dict[str, object]:
    return {
        "models": sum(r.kind == "model" for r in results),
        "tests_passed": sum(r.status == "pass" for r in results),
        "warnings": [f"{r.name}: {r.failures} rows" for r in results if r.status == "warn"],
    }


def _record_models(stage: str, results: list[project.NodeResult], evidence: dict[str, int]) -> None:
    for result in results:
        if result.kind == "model":
            with outcomes.step(stage, result.name, evidence) as outcome:
                outcome.rows_out = row_count(f"gold.{result.name}")
                outcome.detail = {"model_seconds": round(result.seconds, 3)}


def row_count(name: str) -> int:
    """Rows of a table by the statistics of its files, without reading them."""
    return sum(tables.open_table(name).get_add_actions(flatten=True).column("num_records").to_pylist())
