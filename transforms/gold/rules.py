"""Rule files (contracts/rules/*.yaml): the versions of the air quality index as checked values."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse.contracts.yaml_file import ContractError, as_model
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts" / "rules"

Averaging = Literal["1h", "8h", "24h"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hour(_Strict):
    minimum_minutes: int = Field(ge=0, le=60)


class Day(_Strict):
    minimum_hours: int = Field(ge=1, le=24)


class RunningMean(_Strict):
    """Running means of `hours` hours; those that end at the stated hours of the local day count."""

    hours: int = Field(ge=1, le=24)
    minimum_hours: int = Field(ge=1, le=24)
    first_end_hour: int = Field(ge=1, le=24)
    last_end_hour: int = Field(ge=1, le=24)
    minimum_means: int = Field(ge=1, le=24)

    @model_validator(mode="after")
    def within_the_day(self):
        if self.first_end_hour < self.hours:
            raise ValueError("first_end_hour lies before the end of the first whole window of the day")
        return self


class Index(_Strict):
    """`complete_set_up_to`: with an item missing the AQI is stated only above this value; null = always."""

    primary_above: int
    good_day_at_most: int
    complete_set_up_to: int | None


class Pollutant(_Strict):
    """Rounding and table of one pollutant; no hourly table needs a reason."""

    pollutant_code: str
    unit_code: str
    decimals: int = Field(ge=0, le=3, description="The SQL works in thousandths.")
    daily: Averaging
    hourly: Averaging | None
    hourly_reason: str | None = None

    @model_validator(mode="after")
    def absence_is_explained(self):
        if (self.hourly is None) == (self.hourly_reason is None):
            raise ValueError("give `hourly` a table, or null together with `hourly_reason`")
        return self


class Above(_Strict):
    """Beyond the last breakpoint: an IAQI, another table, or undefined (with what it certainly exceeds, and why)."""

    iaqi: int | None = None
    use: Averaging | None = None
    at_least: int | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def one_way(self):
        undefined = self.at_least is not None and self.reason is not None
        if [self.iaqi is not None, self.use is not None, undefined].count(True) != 1:
            raise ValueError("give exactly one of `iaqi`, `use`, or `at_least` with `reason`")
        return self


class Breakpoints(_Strict):
    pollutant_code: str
    averaging: Averaging
    values: tuple[Decimal, ...]
    above: Above

    @model_validator(mode="after")
    def rising_from_zero(self):
        if self.values[0] != 0 or list(self.values) != sorted(set(self.values)):
            raise ValueError("values must start at 0 and rise")
        return self


class Level(_Strict):
    level: int
    aqi_low: int
    aqi_high: int | None
    name_en: str
    name_zh: str
    color: str = Field(pattern="^#[0-9A-F]{6}$")


class Unverified(_Strict):
    item: str
    note: str


class RuleVersion(_Strict):
    """One version of the index. `valid_from`, `valid_to`: first and last local day; null = open."""

    rule_version: str
    name_en: str
    name_zh: str
    valid_from: date | None
    valid_to: date | None
    hour: Hour
    day: Day
    running_mean: RunningMean
    rounding: Literal["half_even"]
    aqi: Index
    pollutants: tuple[Pollutant, ...]
    iaqi: tuple[int, ...]
    breakpoints: tuple[Breakpoints, ...]
    levels: tuple[Level, ...]
    unverified: tuple[Unverified, ...]

    @model_validator(mode="after")
    def tables_exist(self):
        have = {(b.pollutant_code, b.averaging) for b in self.breakpoints}
        used = [(p.pollutant_code, a) for p in self.pollutants for a in (p.daily, p.hourly) if a]
        used += [(b.pollutant_code, b.above.use) for b in self.breakpoints if b.above.use]
        if missing := sorted(set(used) - have):
            raise ValueError(f"no breakpoints for {missing[0][0]} {missing[0][1]}")
        return self


def load_rules(folder: Path = FOLDER) -> tuple[RuleVersion, ...]:
    """All versions of the index (HJ 633), oldest first.

    Raises ContractError for a file that breaks a rule, or when two versions claim the same day.
    """
    versions = [as_model(path, RuleVersion) for path in sorted(folder.glob("hj633-*.yaml"))]
    versions.sort(key=lambda v: v.valid_from or date.min)
    for earlier, later in pairwise(versions):
        if (earlier.valid_to or date.max) >= (later.valid_from or date.min):
            raise ContractError(f"{later.rule_version} begins before {earlier.rule_version} ends; mend valid_from or valid_to.")
    return tuple(versions)
