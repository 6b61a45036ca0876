"""KPI definitions (contracts/kpis/*.yaml) as checked values."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lakehouse.contracts.yaml_file import ContractError, as_model, place
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts" / "kpis"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(_Strict):
    """Limits of green and amber (beyond amber is red) for periods that begin between two days; null = open."""

    valid_from: date | None
    valid_to: date | None
    green: float
    amber: float
    source: str


class Kpi(_Strict):
    """One definition. Another formula or scope is a new version; old values stay."""

    id: str = Field(pattern=r"^[A-Z]{3}-\d{2}$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    name_en: str
    name_zh: str
    owner: str
    question: str
    numerator: str
    denominator: str
    gold_table: str
    unit: str = Field(description="UCUM code")
    direction: Literal["more", "less"] = Field(description="which way is better")
    decimals: int = Field(ge=0, le=3)
    frequency: tuple[Literal["D", "M", "Y"], ...]
    dimensions: tuple[str, ...]
    revision_policy: Literal["R0", "R1", "R2", "R3"]
    final_after_days: int = Field(ge=0, description="Days after the period's last day; the value is provisional until then.")
    minimum_completeness: float = Field(ge=0, le=1, description="Below it the state is grey.")
    thresholds: tuple[Threshold, ...] = Field(min_length=1)
    approved_by: str | None


def load_kpis(folder: Path = FOLDER) -> tuple[Kpi, ...]:
    """All KPI definitions by id. Raises ContractError with one sentence for a file that breaks a rule."""
    return tuple(_load(path) for path in sorted(folder.glob("*.yaml")))


def _load(path: Path) -> Kpi:
    kpi = as_model(path, Kpi)
    if kpi.id != path.stem:
        raise ContractError(f"{place(path)}: holds {kpi.id}; the file must bear the KPI's name.")
    return kpi
