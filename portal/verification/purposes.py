"""Purposes and limits of the verification service (contracts/rules/verification.yaml)."""

from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lakehouse.accounts import Account
from lakehouse.contracts.yaml_file import as_model
from lakehouse.settings import CHECKOUT

FILE = CHECKOUT / "contracts" / "rules" / "verification.yaml"
Statement = Literal[
    "number_name_match", "alive_on", "resident_of_county", "same_household", "age_at_least", "enrolled",
    "enterprise_active", "legal_representative", "address_exists",
]  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_Strict):
    calls_per_minute: int = Field(gt=0)
    failed_per_subject_and_day: int = Field(gt=0)
    compared_rows: int = Field(gt=0)


class Purpose(_Strict):
    """One purpose: whose, on which legal basis, which statements it may ask, and whether it opens masked profiles."""

    name_zh: str = Field(alias="nameZh")
    name_en: str = Field(alias="nameEn")
    departments: tuple[str, ...]
    legal_basis: str = Field(alias="legalBasis")
    statements: tuple[Statement, ...]
    lookup: bool


class Rules(_Strict):
    version: str
    limits: Limits
    purposes: dict[str, Purpose]


class NotForThisPurpose(Exception):
    """The caller may not ask this for this purpose; the argument is the sentence."""


@cache
def rules() -> Rules:
    return as_model(FILE, Rules)


def purpose_of(caller: Account, code: str) -> Purpose:
    """The purpose, if the caller is an officer of one of its departments. Raises NotForThisPurpose."""
    own = {name: p for name, p in rules().purposes.items() if caller.role == "officer" and caller.department in p.departments}
    if code not in own:
        open_to = f"it has {', '.join(own)}" if own else "none is open to it"
        raise NotForThisPurpose(f"The account {caller.name} has no purpose {code!r}; {open_to}.")
    return own[code]
