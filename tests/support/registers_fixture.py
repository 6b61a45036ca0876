"""Gold tables of population, enterprise and geography for tests of the pages: two invented townships, a few rows each."""

import json
from datetime import date

import pandas as pd

TOWNSHIPS = {"990122101": "甲镇", "990122102": "乙镇"}
MONTHS = (date(2014, 11, 1), date(2014, 12, 1))
ORIGIN = {"data_origin": "synthetic"}


def registers() -> dict[str, pd.DataFrame]:
    """Every table of the three themes by name."""
    return {
        "gold.dim_divisions": pd.DataFrame([_division(code, n) for n, code in enumerate(TOWNSHIPS)]),
        "gold.dim_governance_grids": pd.DataFrame([_grid(code) for code in TOWNSHIPS]),
        "gold.agg_address_quality": pd.DataFrame([
            {"township_code": code, "geocode_quality": quality, "texts": texts, **ORIGIN}
            for code in TOWNSHIPS for quality, texts in (("A", 90), ("D", 8), ("none", 2))
        ]),
        "gold.dim_industries": pd.DataFrame([
            {"edition": "2017", "section": s, "name_zh": zh, "name_en": en, "data_origin": "operational"}
            for s, zh, en in (("C", "制造业", "Manufacturing"), ("F", "批发和零售业", "Wholesale and retail"))
        ]),
        "gold.agg_enterprise_monthly": pd.DataFrame([
            _enterprises(month, code, section) for month in MONTHS for code in TOWNSHIPS for section in ("C", "F")
        ]),
        "gold.fct_population_monthly": pd.DataFrame([
            _persons(code, sex, age) for code in TOWNSHIPS for sex in ("1", "2") for age in (3, 30, 61, 88)
        ]),
        "gold.agg_population_balance": pd.DataFrame([_balance(code) for code in TOWNSHIPS]),
        "gold.fct_vital_events": pd.DataFrame([_events(code, kind) for code in TOWNSHIPS for kind in ("birth", "death")]),
    }  # fmt: skip


def _division(code: str, place: int) -> dict:
    west = 119.5 + 0.1 * place
    ring = [[west, 29.7], [west + 0.1, 29.7], [west + 0.1, 29.8], [west, 29.8], [west, 29.7]]
    return {
        "division_code": code, "name": TOWNSHIPS[code], "level": "township", "parent_code": code[:6], "township_code": code,
        "county_code": code[:6], "urban_rural_code": None, "valid_from": None, "n_villages": 12, "area_km2": 107.3,
        "lon": west + 0.05, "lat": 29.75, "outline": json.dumps({"type": "Polygon", "coordinates": [ring]}), **ORIGIN,
    }  # fmt: skip


def _grid(code: str) -> dict:
    return {
        "grid_code": f"{code}200001", "division_code": f"{code}200", "township_code": code, "kind": "rural", "households": 150,
        "officer_count": 1, "area_m2": 8.9e6, "lon": 119.55, "lat": 29.75, **ORIGIN,
    }  # fmt: skip


def _enterprises(month: date, code: str, section: str) -> dict:
    return {
        "month_start": month, "township_code": code, "industry_section": section, "class_code": "enterprise",
        "stock_before": 20, "births": 3, "deaths": 1, "revocations": 1, "stock": 22, "stock_active": 21,
        "new_capital_cny10k": 300.0, "capital_cny10k": 25_000.0, **ORIGIN,
    }  # fmt: skip


def _persons(code: str, sex: str, age: int) -> dict:
    return {
        "month_end": date(2014, 12, 31), "township_code": code, "grid_code": f"{code}200001", "sex_code": sex, "age_years": age,
        "residency_kind": "registered_local", "persons": 40, "registered": 38, "usual_residents": 39, **ORIGIN,
    }  # fmt: skip


def _balance(code: str) -> dict:
    return {
        "month_start": MONTHS[1], "township_code": code, "stock_before": 300, "births": 3, "deaths": 2, "moved_in": 4,
        "moved_out": 1, "moved_within": 0, "corrections": 0, "stock": 304, **ORIGIN,
    }  # fmt: skip


def _events(code: str, kind: str) -> dict:
    return {
        "event_date": date(2014, 12, 9), "date_key": 20141209, "event_kind": kind, "township_code": code, "sex_code": "2",
        "age_years": 0 if kind == "birth" else 70, "persons": 2, **ORIGIN,
    }  # fmt: skip
