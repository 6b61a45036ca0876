"""Code lists of contracts/reference as plain rows, and exact conversion between units."""

import csv
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from lakehouse.contracts.load import FOLDER
from lakehouse.contracts.origin import MADE_UP
from lakehouse.settings import settings


def exists(name: str) -> bool:
    return (FOLDER / "reference" / f"{name}.csv").is_file()


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of contracts/reference/<name>.csv, values as text. Raises FileNotFoundError naming the list."""
    path = FOLDER / "reference" / f"{name}.csv"
    if not exists(name):
        raise FileNotFoundError(f"Code list {name} is not in contracts/reference; add {name}.csv or mend its name.")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def lookup(name: str, key: str, value: str) -> dict[str, str]:
    """One column of a code list by another."""
    return {row[key]: row[value] for row in rows(name)}


def lookup_station(issuer: str) -> dict[str, str]:
    """The issuer's own codes -> station ids, of the stations that this profile registers; others' records are held."""
    own = (row for row in rows("stations") if row["issuer"] == issuer and is_registered(row["data_origin"]))
    return {row["issuer_code"]: row["station_id"] for row in own}


def is_registered(data_origin: str) -> bool:
    """Whether a station of this origin counts: made-up ones only in the profile `sample`."""
    return data_origin not in MADE_UP or settings().profile == "sample"


@dataclass(frozen=True)
class Conversion:
    """value_to = (value_from + before) * multiply / divide + after; integers keep decimal values exact."""

    before: float
    multiply: int
    divide: int
    after: float


@cache
def unit_codes() -> dict[str, str]:
    """Every spelling of a unit (UCUM code or UN/CEFACT code) -> UCUM code."""
    return {
        spelling: row["unit_code"] for row in rows("units") for spelling in (row["unit_code"], row["also_written"]) if spelling
    }


@cache
def conversion(unit_from: str, unit_to: str) -> Conversion:
    """How to convert between two units of one quantity.

    Raises ValueError when a unit is unknown or the two measure different quantities.
    """
    units = {row["unit_code"]: row for row in rows("units")}
    try:
        a, b = units[unit_codes()[unit_from]], units[unit_codes()[unit_to]]
    except KeyError as unknown:
        raise ValueError(f"Unit {unknown} is not in contracts/reference/units.csv.") from None
    if a["quantity"] != b["quantity"]:
        raise ValueError(f"{unit_from} ({a['quantity']}) cannot become {unit_to} ({b['quantity']}).")
    ratio = Fraction(int(a["multiply"]), int(a["divide"])) / Fraction(int(b["multiply"]), int(b["divide"]))
    return Conversion(float(a["offset"]), ratio.numerator, ratio.denominator, -float(b["offset"]))
