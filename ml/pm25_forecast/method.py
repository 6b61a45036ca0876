"""How the model is made: every choice that changes its forecasts, and an identity of all of them. Imports nothing heavy."""

import hashlib
import json

HORIZONS = (1, 6, 12, 24)  # hours
LOOK_BACK = 48  # hours: a station silent for longer gets no forecast
STEPS_BACK = (1, 2, 3, 4, 6, 9, 12, 18, 23)  # hours before the last known value
WINDOWS = (3, 6, 12, 24, 72, 168)  # hours before the origin
CALIBRATION_HOURS = 28 * 24
MOST_ROWS = 140_000  # per horizon; beyond, every n-th origin is taken: neighbouring hours tell nearly the same
ROUNDS = 250
PARAMETERS = {
    "objective": "l1", "learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 500, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "max_bin": 127, "seed": 7, "deterministic": True,
    "force_col_wise": True, "num_threads": 2, "verbosity": -1,
}  # fmt: skip
BASELINES = {"persistence": "pm25_last", "hour_of_week": "hour_of_week_mean"}
"""Baseline -> the feature that is its forecast."""
METHODS = ("lightgbm", *BASELINES)
HIGH_UGM3 = 75.0  # daily limit of GB 3095-2012, second class: the hours people are warned of


def fingerprint() -> str:
    """Identity of the method: another one is a reason to train anew."""
    choices = [HORIZONS, LOOK_BACK, STEPS_BACK, WINDOWS, CALIBRATION_HOURS, MOST_ROWS, ROUNDS, PARAMETERS]
    return hashlib.sha256(json.dumps(choices, sort_keys=True).encode()).hexdigest()[:12]


def described() -> dict[str, object]:
    """The method in words, for the card."""
    return {
        "learner": "LightGBM, one model per horizon for all stations, on the change of the square root of PM2.5",
        "features": "last known PM2.5 and its past, other pollutants, weather at the origin, city mean, calendar; "
        "each only if it was available at the origin",
        "interval": f"split-conformal: {CALIBRATION_HOURS // 24} days before the test month, errors relative to the prediction",
        "training_rows": f"every n-th origin where there are more than {MOST_ROWS:,} per horizon",
        "registered_model": "the one of the newest test month, so that what is used is what was measured",
        "rounds": ROUNDS,
        "parameters": ", ".join(f"{k} {v}" for k, v in PARAMETERS.items()),
        "fingerprint": fingerprint(),
    }
