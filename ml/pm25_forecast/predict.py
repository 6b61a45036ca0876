"""Forecasts of a range of origins as rows of silver.environment__pm25_forecasts; a forecast once made is kept."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.contracts.origin import worst
from ml.pm25_forecast.features import HORIZONS, LONGEST_LOOK_BACK, FeatureBuilder
from ml.pm25_forecast.panel import AIR, Panel

DATASET = "environment__pm25_forecasts"
TABLE = f"silver.{DATASET}"
KEY = ("station_id", "origin_at", "horizon_hours")
SOURCE = "ml__pm25_forecast"


def predictions(panel: Panel, predict: Callable[[pd.DataFrame], pd.DataFrame], first: int, last: int, zone: str) -> pd.DataFrame:
    """One row per station, origin (`first` .. `last`, columns of the panel) and horizon.

    Columns: station_id, origin_at, horizon_hours, target_at, predicted, lower_80, upper_80 (ug/m3), actual and
    persistence (for monitoring). Stations without a value in the last LOOK_BACK hours get no row.
    """
    builder = FeatureBuilder(panel, first, last, zone)
    parts = []
    for horizon in HORIZONS:
        of = builder.examples(horizon)
        if not len(of):
            continue
        frame = pd.DataFrame(of.x, columns=list(of.names)).assign(horizon_hours=horizon)
        origin = pd.Timestamp(panel.start) + pd.to_timedelta(of.origin, unit="h")
        parts.append(predict(frame).assign(
            station_id=np.array(panel.stations)[of.station], origin_at=origin, horizon_hours=horizon,
            target_at=origin + pd.Timedelta(hours=horizon), actual=of.actual, persistence=of.persistence,
            hour_of_week=of.hour_of_week,
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["station_id", "origin_at"])


def since(first_origin: datetime) -> datetime:
    """From when on the panel must reach back so that the features of `first_origin` are complete."""
    return first_origin - timedelta(hours=LONGEST_LOOK_BACK)


def store(rows: pd.DataFrame, model_name: str, model_version: str, is_demo_model: bool, made_at: datetime) -> int:
    """Append the forecasts that are not in the table yet (by station, origin and horizon); returns how many."""
    made = as_table(rows, model_name, model_version, is_demo_model, made_at)
    if tables.exists(TABLE):
        there = tables.read(TABLE, list(KEY))
        made = made.join(there, keys=list(KEY), join_type="left anti")
    if made.num_rows:
        made = made.sort_by([(k, "ascending") for k in KEY])
        tables.append(TABLE, made, partition_by=("_event_month",))
    return made.num_rows


def as_table(rows: pd.DataFrame, model_name: str, model_version: str, is_demo_model: bool, made_at: datetime) -> pa.Table:
    """Rows in the contract's schema, envelope included; bounds and prediction rounded to 0.1 ug/m3."""
    keys = rows.station_id + "|" + rows.origin_at.dt.strftime("%Y-%m-%dT%H") + "|" + rows.horizon_hours.astype(str)
    filled = rows.assign(
        model_name=model_name, model_version=model_version, is_demo_model=is_demo_model, _warnings=None, _item_no=None,
        _record_id=[hashlib.sha256(f"{SOURCE}|{k}|{model_name}|{model_version}".encode()).hexdigest()[:32] for k in keys],
        _source_code=SOURCE, _data_origin=rows.station_id.map(origins()), _received_at=made_at, _available_at=made_at,
        _event_month=rows.origin_at.dt.tz_localize(None).to_numpy().astype("datetime64[M]").astype(object),
        **{name: rows[name].round(1) for name in ("predicted", "lower_80", "upper_80")},
    )  # fmt: skip
    schema = arrow_schema(contracts()[DATASET])
    return pa.Table.from_pandas(filled[schema.names], schema, preserve_index=False)


def origins() -> dict[str, str]:
    """Where each station's data come from (data_origin), the worst where several meet."""
    rows = tables.read(AIR, ["station_id", "data_origin"])
    known = rows.group_by("station_id").aggregate([("data_origin", "distinct")])
    return dict(zip(known["station_id"].to_pylist(), map(worst, known["data_origin_distinct"].to_pylist()), strict=True))
