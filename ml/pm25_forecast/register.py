"""MLflow store (SQLite and a folder in the data home): what was trained, how it did, and which version is champion."""

import contextlib
import logging
import os
import sqlite3
import tempfile
from importlib.metadata import version
from pathlib import Path

from lakehouse.settings import settings
from ml.pm25_forecast import forecaster
from ml.pm25_forecast.forecaster import Forecaster

EXPERIMENT = "pm25_forecast"
NAMES = {"lightgbm": "pm25_forecast", "persistence": "pm25_persistence", "hour_of_week": "pm25_hour_of_week"}
CHAMPION = "champion"
ADDRESSES = {  # table: column in which MLflow keeps absolute addresses of artefacts
    "experiments": "artifact_location", "runs": "artifact_uri", "logged_models": "artifact_location",
    "model_versions": "storage_location",
}  # fmt: skip


def folder() -> Path:
    return settings().data_home / "mlflow"


def open_store():
    """MLflow on this data home's store, made on first use; returns (mlflow, client). Nothing leaves the machine."""
    os.environ |= {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    folder().mkdir(parents=True, exist_ok=True)
    relocate()
    mlflow.set_tracking_uri(f"sqlite:///{folder() / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    if client.get_experiment_by_name(EXPERIMENT) is None:
        client.create_experiment(EXPERIMENT, artifact_location=(folder() / "artifacts").as_uri())
    mlflow.set_experiment(EXPERIMENT)
    return mlflow, client


def relocate() -> None:
    """A data home that was moved or restored elsewhere: give MLflow's absolute addresses the new place."""
    database, here = folder() / "mlflow.db", (folder() / "artifacts").as_uri()
    if not database.exists():
        return
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        row = db.execute("select artifact_location from experiments where name = ?", (EXPERIMENT,)).fetchone()
        if row and row[0] != here:
            for table, column in ADDRESSES.items():
                db.execute(f"update {table} set {column} = replace({column}, ?, ?)", (row[0], here))


def log_training(trained: dict[str, Forecaster], measured: dict, facts: dict, shortfalls: list[str]) -> dict[str, str]:
    """Log every method as a run with metrics and model; returns registered version by method.

    The baselines are always registered: persistence is what forecasts fall back to. The model is registered, and
    becomes champion, only without shortfalls; otherwise its run carries the reason.
    """
    mlflow, client = open_store()
    versions = {}
    with mlflow.start_run(run_name=f"training {facts['as_of']}"):
        mlflow.log_params(facts)
        mlflow.log_dict(measured, "measured.json")
        for method, model in trained.items():
            with mlflow.start_run(run_name=method, nested=True):
                mlflow.log_metrics(metrics_of(measured, method))
                refused = shortfalls if method == "lightgbm" else []
                mlflow.set_tag("registration", "refused: " + "; ".join(refused)[:4900] if refused else "registered")
                logged = log_model(mlflow, method, model)
                if not refused:
                    versions[method] = promote(mlflow, client, NAMES[method], logged)
    return versions


def metrics_of(measured: dict, method: str) -> dict[str, float]:
    """Flat metrics of one method: mae_6h, coverage_80_6h, recall_above_75_6h and the MAE per station."""
    flat = {
        f"{name}_{horizon}h": value
        for name in ("mae", "coverage_80", "recall_above_75")
        for horizon, value in measured[name].get(method, {}).items()
    }
    by_station = measured["mae_by_station"][method]
    return flat | {f"mae_{h}h.{station}": v for h, of in by_station.items() for station, v in of.items()}


def log_model(mlflow, method: str, model: Forecaster):
    """Log one forecaster as text files with its loader beside it; the requirements are stated, not guessed."""
    pinned = [f"{name}=={version(name)}" for name in ("lightgbm", "numpy", "pandas")]
    with tempfile.TemporaryDirectory() as scratch:
        return mlflow.pyfunc.log_model(
            name=method,
            loader_module="forecaster",
            data_path=str(model.save(Path(scratch) / "forecaster")),
            code_paths=[forecaster.__file__],
            pip_requirements=pinned,
        )


def promote(mlflow, client, name: str, logged) -> str:
    """Register a logged model as the next version of `name` and make it champion; returns the version."""
    with contextlib.suppress(mlflow.exceptions.MlflowException):  # it exists from the second training on
        client.create_registered_model(name)
    made = client.create_model_version(name, logged.model_uri, logged.run_id, model_id=logged.model_id)
    client.set_registered_model_alias(name, CHAMPION, made.version)
    return str(made.version)


def load_champion(method: str):
    """(model with `predict(frame)`, version) of the method's champion; None if none was ever registered."""
    mlflow, client = open_store()
    try:
        number = client.get_model_version_by_alias(NAMES[method], CHAMPION).version
    except mlflow.exceptions.MlflowException:
        return None
    return mlflow.pyfunc.load_model(f"models:/{NAMES[method]}@{CHAMPION}"), str(number)
