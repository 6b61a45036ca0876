"""What golden records and checks are made from, as tables of one DuckDB connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from lakehouse.settings import settings
from transforms.conform.capital import parse_capital
from transforms.entity_resolution.enterprises.departments import DEPARTMENTS, REGISTRATIONS

FORM_CLASSES = {
    "farmers_cooperative": "cooperative",
    "limited_liability_company": "enterprise",
    "company_limited_by_shares": "enterprise",
}
"""Classes that a legal form tells where no number and no type does."""
BEARERS = """
select distinct entity_id, standard_name from mentions join members using (mention_id)
where standard_name is not null and role = 'self'
"""
EDITIONS = (("2017", date(2017, 10, 1)), ("2011", date(2011, 11, 1)), ("2002", date(2002, 10, 1)), ("1994", date(1, 1, 1)))
"""Editions of GB/T 4754 and the first day on which each was in force, newest first."""


@dataclass(frozen=True)
class Facts:
    """What golden records are made from: silver tables by dataset, mentions, members (mention_id, entity_id), life events,
    persons (mention_id, entity_id of the person) and the stewards' decisions.

    Where these are of some enterprises alone: `datasets` of which any enterprise has records, and who bears the names that
    theirs speak of as parents (`bearers`: entity_id, standard_name).
    """

    silver: Mapping[str, pa.Table]
    mentions: pa.Table
    members: pa.Table
    life: pa.Table
    persons: pa.Table
    decided: pa.Table | None = None
    datasets: frozenset[str] | None = None
    bearers: pa.Table | None = None

    def has(self, dataset: str) -> bool:
        """Whether any enterprise has records of the dataset."""
        return dataset in (pc.unique(self.mentions["dataset"]).to_pylist() if self.datasets is None else self.datasets)


def show(base: duckdb.DuckDBPyConnection, facts: Facts) -> None:
    """Make the tables `mentions`, `members`, `life`, `persons`, `bearers`; each silver table by the last part of its name, empty
    where it is not there; `capitals`, `types`, `forms`, `classes`, `industry_succession`, and the macro `edition_of`."""
    for name in ("mentions", "members", "life", "persons"):
        base.register(name, getattr(facts, name))
    if facts.bearers is None:
        base.execute(f"create view bearers as {BEARERS}")
    else:
        base.register("bearers", facts.bearers)
    for department in DEPARTMENTS:
        rows = facts.silver.get(department.dataset)
        base.register(
            department.dataset.partition("__")[2],
            arrow_schema(contracts()[department.dataset]).empty_table() if rows is None else rows,
        )
    base.register("capitals", _capitals(facts.silver))
    base.register("types", _code_table(reference.lookup("enterprise_types", "code", "value"), "code", "value"))
    base.register("forms", _code_table(FORM_CLASSES, "legal_form_code", "class"))
    base.register("classes", _code_table(_classes(), "code", "class"))
    base.register("industry_succession", _industry_succession())
    base.execute(f"create macro edition_of(day) as case {' '.join(_edition(*e) for e in EDITIONS)} end")


def _edition(name: str, first_day: date) -> str:
    return f"when coalesce(day, date '9999-12-31') >= date '{first_day}' then '{name}'"


def _classes() -> dict[str, str]:
    """First two characters of a credit code -> class."""
    return {row["authority_code"] + row["category_code"]: row["class"] for row in reference.rows("credit_code_categories")}


def _industry_succession() -> pa.Table:
    """from_code, to_code, valid_on of the classes that editions replaced, as far as this profile knows them."""
    rows = [row for row in reference.rows("industry_succession") if row["profile"] in ("", settings().profile)]
    days = pa.array([row["valid_on"] or "0001-01-01" for row in rows], pa.string()).cast(pa.date32())
    return pa.table(
        {name: pa.array([row[name] for row in rows], pa.string()) for name in ("from_code", "to_code")} | {"valid_on": days}
    )


def _code_table(words: Mapping[str, str], key: str, value: str) -> pa.Table:
    return pa.table({key: list(words), value: list(words.values())})


def _capitals(silver: Mapping[str, pa.Table]) -> pa.Table:
    """mention_id and the columns of `parse_capital`, of every registration."""
    if REGISTRATIONS not in silver:
        rows = arrow_schema(contracts()[REGISTRATIONS]).empty_table()
    else:
        rows = silver[REGISTRATIONS]
    once = rows.group_by("_record_id").aggregate([("capital_text", "min")])
    parsed = parse_capital(once["capital_text_min"])
    return parsed.add_column(0, "mention_id", pc.binary_join_element_wise(once["_record_id"], "self", "#"))
