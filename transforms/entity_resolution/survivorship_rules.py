"""Which source counts for which attribute, as data: contracts/rules/survivorship-*.yaml, checked when it is read."""

from collections.abc import Iterator

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse.contracts.yaml_file import as_model
from lakehouse.settings import CHECKOUT

FOLDER = CHECKOUT / "contracts" / "rules"
ORDER = pa.schema([("source", pa.string()), ("rank", pa.int32()), ("limit_days", pa.int32())])
SAYERS = pa.schema([("source_code", pa.string()), ("role", pa.string()), ("source", pa.string())])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Strict):
    """One attribute: its sources from the most to the least authoritative (several in one place rank alike), and for how
    many days the word of a source counts (none named: for ever)."""

    order: tuple[str | tuple[str, ...], ...] = Field(min_length=1)
    limit_days: dict[str, int] = {}

    def ranked(self) -> Iterator[tuple[str, int]]:
        for rank, place in enumerate(self.order, 1):
            yield from ((name, rank) for name in ((place,) if isinstance(place, str) else place))

    def table(self) -> pa.Table:
        rows = [{"source": name, "rank": rank, "limit_days": self.limit_days.get(name)} for name, rank in self.ranked()]
        return pa.Table.from_pylist(rows, ORDER)


class SurvivorshipRules(_Strict):
    """All rules of one kind of entity. `sources`: name of a source in the orders -> mappings of which it consists; a role
    other than `self` stands behind a `#`. `agreement`: share of sources that decides where order and date do not."""

    kind: str
    rule_version: str
    agreement: float = Field(gt=0.5, le=1)
    sources: dict[str, tuple[str, ...]]
    attributes: dict[str, Attribute]

    @model_validator(mode="after")
    def _sources_exist(self) -> "SurvivorshipRules":
        for name, attribute in self.attributes.items():
            named = {source for source, _ in attribute.ranked()}
            if strange := sorted((named | attribute.limit_days.keys()) - self.sources.keys()):
                raise ValueError(f"attribute {name} names the source {strange[0]}, which `sources` does not list")
            if idle := sorted(attribute.limit_days.keys() - named):
                raise ValueError(f"attribute {name} limits {idle[0]}, which is not in its order")
        return self

    def sayers(self) -> pa.Table:
        """source_code, role, source."""
        said = [(*one.partition("#")[::2], source) for source, ones in self.sources.items() for one in ones]
        return pa.Table.from_pylist([dict(zip(SAYERS.names, (c, r or "self", s), strict=True)) for c, r, s in said], SAYERS)


def rules_of(kind: str) -> SurvivorshipRules:
    """The rules in force for `persons` or `enterprises`. Raises ContractError naming the file, the place and what is wrong."""
    return as_model(FOLDER / f"survivorship-{kind}.yaml", SurvivorshipRules)
