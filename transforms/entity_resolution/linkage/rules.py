"""Rules of linkage as data: contracts/rules/linkage-*.yaml, checked before any record is compared."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lakehouse.contracts.yaml_file import as_model
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts" / "rules"

Form = Literal["citizen_number", "credit_code", "organisation_code", "registration_number", "person_name", "enterprise_name",
               "address", "date", "text"]  # fmt: skip


class LinkageError(ValueError):
    """A linkage that cannot be done as asked; the message names the rule, the figure and the mend."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """A comparison column: the form in which it is compared; it reads the first of the mentions' columns `of` that is there."""

    form: Form
    of: tuple[str, ...] = Field(min_length=1)


class ExactKey(_Strict):
    """Records with one value of `key` are one entity if one of the columns in `agree` is equal too (none named: in any case)."""

    key: str
    agree: tuple[str, ...] = ()


class Fill(_Strict):
    """A missing `column` is taken from the mentions whose `of` equals this mention's `by`, if they all tell one value."""

    column: str
    by: str
    of: str


class PairRule(_Strict):
    """Pairs that agree in all columns of `equal` and meet `where` (SQL over l and r) match with this probability."""

    name: str
    equal: tuple[str, ...] = Field(min_length=1)
    where: str = "true"
    probability: float = Field(gt=0, le=1)


class ConflictRule(_Strict):
    """Pairs for the steward: they agree in `equal` and meet `where`, and are in different clusters at the end."""

    kind: str
    equal: tuple[str, ...] = Field(min_length=1)
    where: str = "true"


class Block(_Strict):
    """Pairs that agree in all of `equal` are compared; what makes more than `pair_limit` pairs is refused."""

    equal: tuple[str, ...] = Field(min_length=1)
    pair_limit: int = Field(gt=0)

    @property
    def name(self) -> str:
        return " + ".join(self.equal)


class Together(_Strict):
    """Mentions of one list (equal `extract`) with one `same` and another `differ` are two entities."""

    extract: tuple[str, ...] = Field(min_length=1)
    same: str
    differ: str


class CannotLink(_Strict):
    different: tuple[str, ...] = ()
    together: Together | None = None


class Training(_Strict):
    """How Splink learns: u from all pairs of `u_profiles` profiles of different entities, m by EM on the pairs of `em_blocks`.

    `recall`: share of matches that pairs which `prior_equal` name find; only asked for where no exact key tells the entities.
    """

    seed: int
    u_profiles: int = Field(gt=1)
    em_profiles: int = Field(gt=1)
    em_blocks: tuple[tuple[str, ...], ...] = Field(min_length=1)
    prior_equal: tuple[tuple[str, ...], ...] = ()
    recall: float = Field(default=0.8, gt=0, le=1)


class Thresholds(_Strict):
    """Match probabilities: `link` and more is linked, `review` and more goes to the steward, `keep` and more is written."""

    link: float = Field(gt=0, le=1)
    review: float = Field(gt=0, le=1)
    keep: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> "Thresholds":
        if not self.keep <= self.review <= self.link:
            raise ValueError(f"thresholds must rise from keep to review to link, got {self.keep}, {self.review}, {self.link}")
        return self


class LinkageRules(_Strict):
    """All rules of one kind of entity. `evidence`: sets of columns of which one must be filled, or a
    mention is like no other. `comparisons`: Splink's comparisons as it documents them.
    """

    kind: str
    rule_version: str
    columns: dict[str, Column]
    home: str = ""
    evidence: tuple[tuple[str, ...], ...] = Field(min_length=1)
    exact: tuple[ExactKey, ...] = ()
    fill: tuple[Fill, ...] = ()
    rules: tuple[PairRule, ...] = ()
    conflicts: tuple[ConflictRule, ...] = ()
    cannot_link: CannotLink = CannotLink()
    pair_limit: int = Field(gt=0)
    blocking: tuple[Block, ...] = ()
    training: Training
    comparisons: tuple[dict[str, Any], ...]
    thresholds: Thresholds

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        """`name: person_name` is short for `name: {form: person_name, of: [name]}`."""
        if not isinstance(columns, dict):
            return columns
        return {name: {"form": said, "of": [name]} if isinstance(said, str) else said for name, said in columns.items()}


def load_rules(path: Path) -> LinkageRules:
    """One rule file. Raises ContractError naming the file, the place and what is wrong there."""
    return as_model(path, LinkageRules)


def rules_of(kind: str) -> LinkageRules:
    """The rules in force for `persons` or `enterprises`. Raises ContractError as `load_rules`."""
    return load_rules(FOLDER / f"linkage-{kind}.yaml")
