"""The stage `forecast`: PM2.5 forecasts from gold into silver, the model trained when it is due."""

from lakehouse.pipeline import Plan, Stage
from ml.pm25_forecast import plan as planning


def run(work: Plan) -> None:
    """Carry out the plan; LightGBM and MLflow are imported only here."""
    from ml.pm25_forecast import run as running

    running.run(work)


FORECAST = Stage("forecast", after=("gates",), plan=planning.plan, run=run)
