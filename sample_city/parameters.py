"""The sample city's parameters and word lists, typed; read from `samples/sample_city/` and from nowhere else."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakehouse.settings import settings

SLICES_A_COUNTY = 100


@dataclass(frozen=True)
class SliceCounts:
    """What one slice, a hundredth of the county, holds; a hundred of them are the calibrated totals."""

    households: int
    persons: int
    agricultural: int
    males: int
    deaths_a_year: int
    moved_out_a_year: int
    moved_in_a_year: int
    births_a_year: int
    marriages_a_year: int
    divorces_a_year: int
    moved_within_a_year: int
    floating: int
    enterprises: int
    organisations: int
    vacant_dwellings: int
    business_premises: int

    @property
    def leavers(self) -> int:
        """Persons who died or moved out in the year before the reference day."""
        return self.deaths_a_year + self.moved_out_a_year

    @property
    def people(self) -> int:
        """All person numbers of a slice: registered, then leavers, then floating."""
        return self.persons + self.leavers + self.floating

    @property
    def addresses(self) -> int:
        return self.households + self.vacant_dwellings + self.business_premises


@dataclass(frozen=True)
class Member:
    """One place in a household template."""

    role: str
    band: str


@dataclass(frozen=True)
class Template:
    """A kind of household and how many of it a slice holds."""

    name: str
    households: int
    members: tuple[Member, ...]

    @property
    def has_couple(self) -> bool:
        return any(m.role == "spouse" for m in self.members)


@dataclass(frozen=True)
class Parameters:
    """Everything that the generator is told."""

    county: dict[str, Any]
    slice: SliceCounts
    unit_population: dict[str, int]
    living_apart: float
    urbanisation: float
    unit_area_km2: dict[str, float]
    age_bands: tuple[dict[str, Any], ...]
    ethnic: dict[str, Any]
    templates: tuple[Template, ...]
    bands: dict[str, tuple[int, int]]


def folder() -> Path:
    return settings().checkout / "samples" / "sample_city"


@cache
def words(name: str) -> dict[str, Any]:
    """A word list, `<name>.yaml`."""
    return yaml.safe_load((folder() / f"{name}.yaml").read_text("utf-8"))


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """A list of codes, `<name>.csv`; everything is text."""
    lines = (folder() / f"{name}.csv").read_text("utf-8").splitlines()
    return tuple(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def parameters() -> Parameters:
    raw = words("parameters")
    templates = tuple(
        Template(t["name"], t["households"], tuple(Member(*m.split()) for m in t["members"])) for t in raw["household_templates"]
    )
    counts = SliceCounts(**raw["slice"])
    _check_templates(templates, counts)
    return Parameters(
        county=raw["county"],
        slice=counts,
        unit_population=raw["unit_population"],
        living_apart=raw["living_apart"],
        urbanisation=raw["urbanisation"],
        unit_area_km2=raw["unit_area_km2"],
        age_bands=tuple(raw["age_bands"]),
        ethnic=raw["ethnic"],
        templates=templates,
        bands={name: (low, high) for name, (low, high) in raw["bands"].items()},
    )


def _check_templates(templates: tuple[Template, ...], counts: SliceCounts) -> None:
    """Templates must fill the slice, or no total would be exact."""
    households = sum(t.households for t in templates)
    persons = sum(t.households * len(t.members) for t in templates)
    if (households, persons) != (counts.households, counts.persons):
        raise ValueError(
            f"parameters.yaml: household_templates make {households} households of {persons} persons, slice says "
            f"{counts.households} of {counts.persons}; the templates must add up to the slice."
        )
