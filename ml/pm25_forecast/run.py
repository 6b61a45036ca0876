"""One forecasting run: train if due, let the monitor choose champion or fallback, predict, store."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from lakehouse import outcomes
from lakehouse.pipeline import Plan
from lakehouse.settings import settings
from ml.pm25_forecast import card, evaluate, monitor, predict, register
from ml.pm25_forecast.method import fingerprint
from ml.pm25_forecast.panel import Panel, last_origin, read_panel
from ml.pm25_forecast.plan import STAGE

FULL_BACKTEST_HOURS = 2 * 365 * 24  # below, one small fold: a demonstration model
Tell = Callable[[str], None]


def run(work: Plan) -> None:
    """Carry out a plan; the outcome row names the table versions, the method and what the model said of itself."""
    inputs = work["inputs"] | {"method": fingerprint()}
    with outcomes.step(STAGE, predict.DATASET, inputs) as outcome:
        if work["train"]:
            print(f"  training: {work['train']}", flush=True)
            train(work)
        rows, chosen, watch = forecast(work)
        outcome.rows_out = predict.store(rows, *chosen, settings().as_of_time())
        outcome.detail = {"model": chosen[0], "version": chosen[1], "monitoring": watch.sentence, "trained": bool(work["train"])}
        print(f"  {outcome.rows_out:,} forecasts by {chosen[0]} version {chosen[1]}. {watch.sentence}", flush=True)


def train(work: Plan, tell: Tell = print) -> dict:
    """Backtest, log to MLflow, register if it beats both baselines, write the card; returns the card."""
    panel = read_panel(tuple(work["stations"]))
    test, measured, facts = backtest(panel, work["inputs"], lambda line: tell(f"  {line}"))
    refused = evaluate.shortfalls(measured)
    logged = {k: v for k, v in facts.items() if k != "monitoring_reference"}
    versions = register.log_training(test.last, measured, logged, refused)
    made = card.build(measured, facts, refused, versions.get("lightgbm"))
    card.write(made)
    tell(f"  {made['registration']}")
    return made


def backtest(panel: Panel, table_versions: dict, tell: Tell) -> tuple[evaluate.Backtest, dict, dict]:
    """(backtest, its figures, the facts of the card). Twelve test months; one where two years are not at hand."""
    zone, end = settings().business_zone, last_origin(panel, settings().as_of_time())
    demo = end < FULL_BACKTEST_HOURS
    folds = evaluate.month_folds(panel, end, zone, 1 if demo else evaluate.FOLDS)
    test = evaluate.backtest(panel, zone, folds, tell)
    measured = evaluate.measure(test.scores, panel.stations)
    return test, measured, training_facts(panel, test, measured, table_versions, demo)


def training_facts(panel: Panel, test: evaluate.Backtest, measured: dict, table_versions: dict, demo: bool) -> dict:
    """What was trained on and when, JSON-ready; times in UTC."""
    fold, zone = test.folds[-1], ZoneInfo(settings().business_zone)
    origin_of = predict.origins()
    values = panel.values["pm25"][:, : fold.first]
    months = pd.date_range(panel.start, periods=fold.first, freq="h").tz_convert(zone).month.to_numpy()
    return {
        "as_of": settings().as_of_time().isoformat(timespec="minutes"),
        "is_demo_model": demo,
        "stations": list(panel.stations),
        "hours": int(np.isfinite(values).any(axis=0).sum()),
        "origin": ", ".join(sorted({origin_of[s] for s in panel.stations})),
        "from": panel.start.isoformat(),
        "until": panel.hour_at(panel.hours - 1).isoformat(),
        "folds": [f.name for f in test.folds],
        "first_origin": panel.hour_at(fold.first).isoformat(),
        "trained_until": panel.hour_at(fold.cut_off).isoformat(),
        "scored_forecasts": measured["rows"],
        "table_versions": table_versions,
        "features": len(test.last["lightgbm"].features),
        "monitoring_reference": monitor.reference_distribution(values.ravel(), np.tile(months, len(values))),
    }


def forecast(work: Plan) -> tuple[pd.DataFrame, tuple[str, str, bool], monitor.Watch]:
    """Forecasts of the last four weeks up to the newest origin: (rows, (model name, version, is demo), judgement).

    No origin lies before the model's test month: everything stored is out of its training's sight.
    """
    last = card.read()
    first = datetime.fromisoformat(last["backtest"]["first_origin"])
    newest = datetime.fromisoformat(work["newest"])
    first = max(first, newest - timedelta(hours=monitor.WINDOW_HOURS))
    panel = read_panel(tuple(last["data"]["stations"]), predict.since(first))
    end, zone = last_origin(panel, settings().as_of_time()), settings().business_zone
    champion = register.load_champion("lightgbm")
    if champion is None:
        watch = monitor.Watch("fallback", last["registration"], {})
    else:
        rows = predict.predictions(panel, champion[0].predict, max(0, panel.index(first)), end, zone)
        watch = monitor.watch(rows, last["measured"]["mae"], last["monitoring_reference"])
    card.write(last | {"monitoring": {"state": watch.state, "sentence": watch.sentence, **watch.figures}})
    if watch.state != "fallback":
        return rows, (register.NAMES["lightgbm"], champion[1], last["is_demo_model"]), watch
    persistence, version = register.load_champion("persistence")
    rows = predict.predictions(panel, persistence.predict, max(0, panel.index(first)), end, zone)
    return rows, (register.NAMES["persistence"], version, last["is_demo_model"]), watch
