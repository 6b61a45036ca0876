"""The model card: what the model is for, on which data, how well it does, what it must not be used for."""

import json
from pathlib import Path

from lakehouse.settings import settings
from ml.pm25_forecast.method import BASELINES, HIGH_UGM3, described

MODEL = "pm25_forecast"
NOT_FOR = (
    "warnings to the public without a forecaster's judgement",
    "stations or cities other than those it was trained on",
    "judging the effect of a measure: it sees no emissions",
    "any statement about single persons",
)
LIMITS = (
    "Weather enters as known at the origin; no weather forecast is used, so a front that arrives later is not foreseen.",
    "Peaks are underestimated: the model aims at the median, and rare episodes have few examples.",
    "PM2.5 of 999 is the instrument's cap; such hours are learned and scored as reported.",
    "The interval holds on average over a month; in a single episode it may miss for days.",
    "A station that was silent for 48 hours gets no forecast.",
)


def path() -> Path:
    return settings().data_home / "models" / MODEL / "card.json"


def read() -> dict | None:
    """The card of the last training; None before the first."""
    return json.loads(path().read_text("utf-8")) if path().exists() else None


def write(card: dict) -> None:
    path().parent.mkdir(parents=True, exist_ok=True)
    scratch = path().with_suffix(".tmp")
    scratch.write_text(json.dumps(card, ensure_ascii=False, indent=1), "utf-8")
    scratch.replace(path())


def build(measured: dict, facts: dict, shortfalls: list[str], version: str | None) -> dict:
    """The card as one tree of texts, lists and tables (lists of rows), in reading order.

    `facts`: what was trained on and when (see `run.training_facts`); `version`: in the registry.
    """
    demo = facts["is_demo_model"]
    scale = f"{len(facts['stations'])} stations, {facts['hours'] / 8766:.1f} years, {len(facts['folds'])} test months"
    return {
        "title": "PM2.5 forecast",
        "title_zh": "PM2.5 预报",
        "summary": f"PM2.5 per station 1, 6, 12 and 24 hours ahead. {_standing(demo, 'en')} ({scale})",
        "summary_zh": f"各站点未来 1、6、12、24 小时的 PM2.5。{_standing(demo, 'zh')}",
        "is_demo_model": demo,
        "version": version or "none",
        "registration": _registration(shortfalls, version),
        "date": facts["as_of"],
        "owner": "Ecology and environment bureau (EEB)",
        "purpose": "Shows what the coming hours are likely to bring at each station, beside what was measured.",
        "not_to_be_used_for": list(NOT_FOR),
        "comparison": comparison(measured),
        "mae_by_station": by_station(measured),
        "coverage_by_season_pct": by_season(measured),
        "limits": list(LIMITS),
        "data": {k: facts[k] for k in ("origin", "from", "until", "stations", "hours", "table_versions", "features")},
        "method": described(),
        "backtest": {k: facts[k] for k in ("folds", "first_origin", "trained_until", "scored_forecasts")},
        "monitoring_reference": facts["monitoring_reference"],
        "measured": measured,
    }


def _standing(demo: bool, language: str) -> str:
    if language == "zh":
        return "演示模型：数据少，仅展示流程，不得用于决策。" if demo else "经十二个月滚动检验。"
    short = "Demonstration model: trained on one small fold to show the way, not for decisions."
    return short if demo else "Backtested over twelve months."


def _registration(shortfalls: list[str], version: str | None) -> str:
    if version:
        return f"Registered as version {version}, champion: better than both baselines at each horizon."
    return f"Not registered, forecasts are by persistence: {'; '.join(shortfalls)}."


def comparison(measured: dict) -> list[dict]:
    """One row per horizon: MAE (ug/m3) of model and baselines, gain, coverage, recall of hours above 75 ug/m3."""
    mae, rows = measured["mae"], []
    for horizon, own in mae["lightgbm"].items():
        best = min(mae[m][horizon] for m in BASELINES)
        rows.append({
            "horizon_h": int(horizon), "mae_ugm3": round(own, 1),
            **{f"{m}_mae_ugm3": round(mae[m][horizon], 1) for m in BASELINES},
            "lower_than_best_baseline_pct": round(100 * (1 - own / best), 1),
            "coverage_of_80_pct_interval": round(100 * measured["coverage_80"]["lightgbm"][horizon], 1),
            f"recall_above_{HIGH_UGM3:.0f}_pct": _percent(measured["recall_above_75"].get("lightgbm", {}).get(horizon)),
            "persistence_recall_pct": _percent(measured["recall_above_75"].get("persistence", {}).get(horizon)),
        })  # fmt: skip
    return rows


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def by_station(measured: dict) -> list[dict]:
    """One row per station: MAE (ug/m3) of the model at each horizon, persistence's in a column beside it."""
    by = measured["mae_by_station"]
    stations = next(iter(by["lightgbm"].values()))
    return [
        {"station": station}
        | {f"{m}_{h}h": round(by[m][h][station], 1) for h in by["lightgbm"] for m in ("lightgbm", "persistence")}
        for station in stations
    ]


def by_season(measured: dict) -> list[dict]:
    seasons = {s for of in measured["coverage_80_by_season"].values() for s in of}
    return [
        {"season": season} | {f"{h}h": _percent(of.get(season)) for h, of in measured["coverage_80_by_season"].items()}
        for season in ("winter", "spring", "summer", "autumn")
        if season in seasons
    ]


def markdown(card: dict) -> str:
    """The card as a page of docs/models."""
    data, parts = card["data"], [f"# {card['title']}", "", card["summary"], ""]
    facts = {
        "Version": card["version"], "Registration": card["registration"], "Date (as of)": card["date"],
        "Owner": card["owner"], "Purpose": card["purpose"],
        "Data": f"{data['origin']}, {data['from']} to {data['until']}, {len(data['stations'])} stations",
        "Table versions": ", ".join(f"`{k}` {v}" for k, v in data["table_versions"].items()),
        "Trained until": card["backtest"]["trained_until"], "Scored forecasts": f"{card['backtest']['scored_forecasts']:,}",
    }  # fmt: skip
    parts += [f"- **{name}**: {value}" for name, value in facts.items()]
    parts += ["", "## Against the baselines", "", *_table(card["comparison"])]
    parts += ["", "## MAE by station (ug/m3)", "", *_table(card["mae_by_station"])]
    parts += ["", "## Coverage of the 80 % interval by season (%)", "", *_table(card["coverage_by_season_pct"])]
    parts += ["", "## Method", "", *(f"- {k}: {v}" for k, v in card["method"].items())]
    parts += ["", "## Limits", "", *(f"- {text}" for text in card["limits"])]
    parts += ["", "## Not to be used for", "", *(f"- {text}" for text in card["not_to_be_used_for"])]
    parts += ["", f"Generated from the card that the training wrote: `lake model card {MODEL} --markdown FILE`."]
    return "\n".join(parts) + "\n"


def _table(rows: list[dict]) -> list[str]:
    head = list(rows[0])
    lines = [[str(r[k]) for k in head] for r in rows]
    return ["| " + " | ".join(line) + " |" for line in [[h.replace("_", " ") for h in head], ["---"] * len(head), *lines]]
