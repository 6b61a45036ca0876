"""Registration of the gold stages with the pipeline; the engine is imported when a stage runs."""

from lakehouse.pipeline import Plan, Stage
from transforms.gold import plan


def _run_gold(work: Plan) -> None:
    from transforms.gold import run

    run.gold(work)


def _run_forecasts(work: Plan) -> None:
    from transforms.gold import run

    run.gold_forecasts(work)


GOLD = Stage("gold", after=("silver", "places", "registers"), plan=plan.gold, run=_run_gold)
GOLD_FORECASTS = Stage("gold_forecasts", after=("forecast",), plan=plan.forecasts, run=_run_forecasts)
