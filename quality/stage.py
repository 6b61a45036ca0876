"""The stages `gates` (before anything is served) and `gates_forecasts` (on the tables of forecasts)."""

from lakehouse.pipeline import Plan, Stage


def _plan() -> Plan:
    from quality import gates

    return gates.plan()


def _plan_forecasts() -> Plan:
    from quality import gates

    return gates.plan_forecasts()


def _run(work: Plan) -> None:
    from quality import gates

    gates.run(work)


GATES = Stage("gates", after=("gold",), plan=_plan, run=_run)
GATES_FORECASTS = Stage("gates_forecasts", after=("gold_forecasts",), plan=_plan_forecasts, run=_run)
