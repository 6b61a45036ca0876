"""Is the champion still better than its fallback? Looks at the last four weeks of forecasts beside what was measured."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

WINDOW_HOURS = 28 * 24
DRIFT_PSI = 0.2
WORSE_THAN_BACKTEST = 1.2
FEWEST_ROWS = 7 * 24


@dataclass(frozen=True)
class Watch:
    """`state` ok, watch (drift, still better than the fallback) or fallback; `sentence` says why."""

    state: str
    sentence: str
    figures: dict


def watch(recent: pd.DataFrame, backtest_mae: dict, reference: dict) -> Watch:
    """Judge the champion by `recent` (horizon_hours, target_at, actual, predicted, persistence of the last four weeks).

    `backtest_mae` as in `evaluate.measure`; `reference` as made by `reference_distribution` (the month in the middle of
    the window counts, so that a season is compared with itself). Errors are taken relative to persistence, because a
    foggy winter doubles those of any method.
    """
    known = recent[recent.actual.notna()]
    if len(known) < FEWEST_ROWS:
        return Watch("ok", f"{len(known)} measured forecasts in the last four weeks: too few to judge.", {"rows": len(known)})
    horizons = dict(list(known.groupby("horizon_hours")))
    now = {h: (of.actual - of.predicted).abs().mean() / (of.actual - of.persistence).abs().mean() for h, of in horizons.items()}
    then = {h: backtest_mae["lightgbm"][str(h)] / backtest_mae["persistence"][str(h)] for h in horizons}
    month = str(known.target_at.sort_values().iloc[len(known) // 2].month)
    drift = population_stability(reference[month], known.actual.to_numpy()) if month in reference else 0.0
    worst = max(now[h] / then[h] for h in horizons)
    figures = {
        "rows": len(known),
        "psi": round(drift, 3),
        "error_against_persistence": {str(h): round(float(v), 3) for h, v in now.items()},
        "error_against_backtest": round(float(worst), 3),
    }
    if np.mean(list(now.values())) >= 1:
        return Watch("fallback", "In the last four weeks persistence did better: forecasts fall back to it.", figures)
    if drift > DRIFT_PSI or worst > WORSE_THAN_BACKTEST:
        reason = f"PSI of PM2.5 {drift:.2f}, error {worst:.2f} times the backtest's, both relative to persistence"
        return Watch("watch", f"Drift ({reason}); the model still does better than persistence.", figures)
    return Watch("ok", "Errors and distribution of the last four weeks are those of the backtest.", figures)


def reference_distribution(values: np.ndarray, months: np.ndarray) -> dict[str, dict]:
    """Deciles of PM2.5 (ug/m3) per calendar month of the training years, and the share of values in each class."""
    return {str(m): _classes(values[months == m]) for m in np.unique(months) if np.isfinite(values[months == m]).any()}


def _classes(values: np.ndarray) -> dict:
    values = values[np.isfinite(values)]
    edges = np.unique(np.quantile(values, np.arange(0.1, 1, 0.1)))
    return {"edges": edges.round(2).tolist(), "shares": _shares(edges.round(2), values).round(4).tolist()}


def _shares(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) / len(values)


def population_stability(reference: dict, recent: np.ndarray) -> float:
    """Population stability index: sum of (q - p) ln(q / p) over the reference's classes; 0 = the same distribution."""
    p, q = np.array(reference["shares"]), _shares(np.array(reference["edges"]), recent[np.isfinite(recent)])
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return float(((q - p) * np.log(q / p)).sum())
