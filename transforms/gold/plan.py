"""What the gold stages have to do: months whose silver changed, months still provisional, or everything."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

from lakehouse import outcomes, tables
from lakehouse.gold_models import models
from lakehouse.pipeline import Plan
from lakehouse.settings import CHECKOUT, settings
from transforms.gold.changes import changed_months, is_sliced, provisional_months, settled

FORECASTS = "silver.environment__pm25_forecasts"
HOURS = "gold.fct_air_quality_hourly"
FORECAST = "forecast"
DEFINITIONS = ("dbt_project", "contracts/reference", "contracts/rules", "contracts/kpis", "contracts/products")


def gold() -> Plan:
    """Plan of the stage `gold`; empty when inputs, definitions and what is final are as in the last good run."""
    sources = available()
    if not expected(sources):
        return {}
    inputs = {name: tables.version(name) for name in sources} | {"definitions": definitions(), **settled(sources)}
    inputs["profile"] = settings().profile  # decides which stations are registered
    last = outcomes.last_inputs("gold", "gold")
    complete = all(tables.exists(f"gold.{name}") for name in expected(sources))
    if complete and last == inputs:
        return {}
    whole = not complete or last is None or any(last.get(key) != inputs[key] for key in ("definitions", "profile"))
    changed = None if whole else changed_months(sources, last)
    months = None if changed is None else sorted(changed | provisional_months())
    return {
        "inputs": inputs,
        "months": months,
        "as_of": _utc(settings().as_of_time()),
        "select": [] if changed is None else touched({k for k, held in inputs.items() if last.get(k) != held}),
        "exclude": excluded(sources),
    }


def forecasts() -> Plan:
    """Plan of the stage `gold_forecasts`; empty while no model has predicted, or when nothing changed."""
    if not (tables.exists(FORECASTS) and tables.exists(HOURS)):
        return {}
    inputs = {FORECASTS: tables.version(FORECASTS), HOURS: tables.version(HOURS), "definitions": definitions()}
    if tables.exists("gold.fct_pm25_forecasts") and outcomes.last_inputs("gold_forecasts", "gold_forecasts") == inputs:
        return {}
    return {"inputs": inputs, "as_of": _utc(settings().as_of_time())}


def available() -> list[str]:
    """Silver tables that models of the stage `gold` read and that exist."""
    needed = set().union(*(m.silver for m in models().values() if m.is_mart and FORECAST not in m.tags))
    return sorted(name for name in needed if tables.exists(name))


def expected(sources: Iterable[str]) -> set[str]:
    """Gold tables that the stage `gold` makes from those silver tables."""
    left_out = set(excluded(sources))
    return {m.name for m in models().values() if m.is_mart and m.silver and FORECAST not in m.tags and m.name not in left_out}


def touched(changed: set[str]) -> list[str]:
    """Models that rest on an input that changed; the clock (an input that is no table) concerns what rests on slices of time."""
    if not changed <= set(available()):
        changed = changed | {name for name in available() if is_sliced(name)}
    return sorted(m.name for m in models().values() if m.silver & changed)


def excluded(sources: Iterable[str]) -> list[str]:
    """dbt selectors of models whose silver table does not exist yet, or that another stage builds."""
    there = set(sources)
    waiting = [m.name for m in models().values() if FORECAST not in m.tags and not m.silver <= there]
    return [f"tag:{FORECAST}", *sorted(waiting)]


@cache
def definitions() -> str:
    """Digest of everything but data that gold depends on: models, code lists, rules, KPIs, contracts."""
    digest = hashlib.sha256()
    for path in sorted(p for folder in DEFINITIONS for p in (CHECKOUT / folder).rglob("*") if _is_text(p)):
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _is_text(path: Path) -> bool:
    return path.is_file() and path.suffix in (".sql", ".yml", ".yaml", ".csv")


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
