"""A trained forecaster: one method for all horizons, with an 80 % interval; saved as a folder of plain text.

The module stands alone (NumPy, pandas and LightGBM), because MLflow keeps a copy of it beside each model: it is the
model's loader (`_load_pyfunc`), so nothing is pickled.

Interval: split-conformal (Papadopoulos et al. 2002; Romano et al. 2019 for two one-sided quantiles) on residuals of a
calibration window that training did not see, divided by (prediction + SCALE_OFFSET), because errors grow with the level.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

SCALE_OFFSET = 10.0  # ug/m3: keeps the interval from closing at very clean air


@dataclass(frozen=True)
class Interval:
    """Quantiles (10 % and 90 %) of the scaled residuals."""

    low: float
    high: float

    @classmethod
    def calibrated(cls, actual: np.ndarray, predicted: np.ndarray) -> "Interval":
        """From a calibration window, with the finite-sample correction (n + 1) of split-conformal prediction.

        Raises ValueError below 50 residuals: the tails would be guesswork.
        """
        residual = (actual - predicted) / (predicted + SCALE_OFFSET)
        residual = residual[~np.isnan(residual)]
        if len(residual) < 50:
            raise ValueError(f"The calibration window holds {len(residual)} measured forecasts; at least 50 are needed.")
        edge = min(0.9 * (1 + 1 / len(residual)), 1.0)
        low, high = np.quantile(residual, [1 - edge, edge])
        return cls(float(low), float(high))

    def around(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(lower, upper) bounds in ug/m3; the lower never below 0, the prediction always inside."""
        scale = predicted + SCALE_OFFSET
        lower = np.clip(predicted + self.low * scale, 0, predicted)
        return lower, np.maximum(predicted + self.high * scale, predicted)


@dataclass
class Forecaster:
    """Either boosters, one per horizon, or a baseline: the feature `baseline` is the forecast of every horizon."""

    method: str
    features: tuple[str, ...]
    stations: tuple[str, ...]
    intervals: dict[int, Interval] = field(default_factory=dict)
    boosters: dict[int, lgb.Booster] = field(default_factory=dict)
    baseline: str | None = None

    def point(self, horizon: int, x: np.ndarray) -> np.ndarray:
        """Predicted ug/m3 [n] for features `x` [n, features]. The boosters learn the change of the square root since
        the last known value; the root evens out the errors of clean and of very dirty hours."""
        if self.baseline:
            return x[:, self.features.index(self.baseline)].astype(float)
        root = np.sqrt(x[:, self.features.index("pm25_last")].astype(float))
        return np.square(np.maximum(root + self.boosters[horizon].predict(x), 0))

    def forecast(self, horizon: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(predicted, lower, upper) in ug/m3, each [n]."""
        predicted = self.point(horizon, x)
        return predicted, *self.intervals[horizon].around(predicted)

    def predict(self, frame: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        """MLflow's call: columns = the features and `horizon_hours`; adds predicted, lower_80, upper_80."""
        parts = []
        for horizon, rows in frame.groupby("horizon_hours", sort=False):
            values = self.forecast(int(horizon), rows[list(self.features)].to_numpy(np.float32))
            parts.append(pd.DataFrame(dict(zip(("predicted", "lower_80", "upper_80"), values, strict=True)), index=rows.index))
        return pd.concat(parts).loc[frame.index]

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for horizon, booster in self.boosters.items():
            (folder / f"{horizon}h.txt").write_text(booster.model_to_string(), "utf-8")
        kept = {k: getattr(self, k) for k in ("method", "features", "stations", "baseline")}
        kept["intervals"] = {h: asdict(i) for h, i in self.intervals.items()}
        (folder / "forecaster.json").write_text(json.dumps(kept, indent=1), "utf-8")
        return folder

    @classmethod
    def load(cls, folder: Path) -> "Forecaster":
        kept = json.loads((folder / "forecaster.json").read_text("utf-8"))
        intervals = {int(h): Interval(**i) for h, i in kept.pop("intervals").items()}
        boosters = {h: lgb.Booster(model_file=str(f)) for h in intervals if (f := folder / f"{h}h.txt").exists()}
        features, stations = tuple(kept["features"]), tuple(kept["stations"])
        return cls(kept["method"], features, stations, intervals, boosters, kept["baseline"])


def _load_pyfunc(data_path: str) -> Forecaster:
    return Forecaster.load(Path(data_path))
