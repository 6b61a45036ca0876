"""One row an enterprise: the values that survived, what follows from them, and which enterprise a branch belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from transforms.conform.capital import parse_capital
from transforms.entity_resolution.enterprises.claims import CLAIMS
from transforms.entity_resolution.enterprises.departments import DEPARTMENTS, REGISTRATIONS
from transforms.entity_resolution.survivorship import survive
from transforms.entity_resolution.survivorship_rules import rules_of

DATASET = "entity__enterprises"
FORM_CLASSES = {
    "farmers_cooperative": "cooperative",
    "limited_liability_company": "enterprise",
    "company_limited_by_shares": "enterprise",
}
"""Classes that a legal form tells where no number and no type does."""
EDITIONS = (("2017", date(2017, 10, 1)), ("2011", date(2011, 11, 1)), ("2002", date(2002, 10, 1)), ("1994", date(1, 1, 1)))
"""Editions of GB/T 4754 and the first day on which each was in force, newest first."""

PARENTS = """
select m.entity_id as enterprise_id, any_value(p.entity_id) as parent_id
from (select distinct entity_id, parent_name from mentions join members using (mention_id) where parent_name is not null) m
     join (select distinct entity_id, standard_name from mentions join members using (mention_id)
           where standard_name is not null and role = 'self') p on p.standard_name = m.parent_name and p.entity_id <> m.entity_id
group by 1 having count(distinct p.entity_id) = 1
"""
DAYS = """
select enterprise_id, min(event_date) filter (where event_kind = 'birth') as born_on,
       max(event_date) filter (where status_after = 'deregistered' and event_kind = 'deregistration') as deregistered_on,
       max(event_date) filter (where status_after in ('revoked', 'deregistered') and event_kind = 'revocation') as revoked_on
from life group by 1
"""
LAST_CAPITALS = """
select e.entity_id, arg_max(coalesce(c.capital_reason, ''), row(m.as_of, m.mention_id)) as capital_reason
from capitals c join mentions m using (mention_id) join members e using (mention_id) group by 1
"""
ADDRESS_COLUMNS = ("address_text", "address_id", "building_id", "division_code", "grid_code", "geocode_quality")
ENTITIES = f"""
with everybody as (select entity_id, max(data_origin) as data_origin from members join mentions using (mention_id) group by 1),
parents as ({PARENTS}), days as ({DAYS}), last_capitals as ({LAST_CAPITALS}),
traded as (select exists (from tax) or exists (from employment) as is_told)
select e.entity_id as enterprise_id, uscc.value as uscc, org_code9.value as org_code9, reg_no_15.value as reg_no_15,
       taxpayer_no.value as taxpayer_no, name.value as name, class.value as class_code, status.value as status_code,
       entity_type_code.value as entity_type_code, industry_code.value as industry_code,
       case when industry_code.value is not null then edition_of(industry_code.as_of) end as industry_edition,
       c.capital_10k, c.currency_code, c.capital_cny10k,
       case when c.mention_id is not null then c.capital_reason
            else coalesce(nullif(l.capital_reason, ''), 'not_given') end as capital_reason,
       coalesce(cast(established_on.value as date), d.born_on) as established_on, d.deregistered_on, d.revoked_on,
       {", ".join(f"ra.{c} as registered_{c}" for c in ADDRESS_COLUMNS)},
       {", ".join(f"oa.{c} as operating_{c}" for c in ADDRESS_COLUMNS)},
       cast(cast(employees.value as double) as bigint) as employees,
       case when is_trading.value is not null then true when is_told then false end as is_trading,
       p.parent_id, legal_person_name.value as legal_person_name, legal_person_no.value as legal_person_no,
       lp.entity_id as legal_person_id, e.data_origin
from everybody e cross join traded
     {" ".join(f"left join golden_{a} as {a} on {a}.entity_id = e.entity_id" for a in CLAIMS)}
     left join capitals c on c.mention_id = capital.mention_id left join last_capitals l on l.entity_id = e.entity_id
     left join mentions ra on ra.mention_id = registered_address.mention_id
     left join mentions oa on oa.mention_id = operating_address.mention_id
     left join mentions lm on lm.mention_id = legal_person_name.mention_id
     left join persons lp on lp.mention_id = lm.record_id || '#legal_person'
     left join days d on d.enterprise_id = e.entity_id left join parents p on p.enterprise_id = e.entity_id
order by enterprise_id
"""


@dataclass(frozen=True)
class Facts:
    """What golden records are made from: silver tables by dataset, mentions, members (mention_id, entity_id), life events,
    persons (mention_id, entity_id of the person) and the stewards' decisions."""

    silver: Mapping[str, pa.Table]
    mentions: pa.Table
    members: pa.Table
    life: pa.Table
    persons: pa.Table
    decided: pa.Table | None = None


def golden_records(facts: Facts, on: date) -> tuple[pa.Table, pa.Table]:
    """Rows of `entity__enterprises` as of a day, and the competing values of which they were chosen."""
    with duckdb.connect() as base:
        register_facts(base, facts)
        survivors = survive(base, CLAIMS, rules_of("enterprises"), on, facts.decided)
        for attribute, values in survivors.golden.items():
            base.register(f"golden_{attribute}", values)
        return base.sql(ENTITIES).to_arrow_table(), survivors.conflicts


def register_facts(base: duckdb.DuckDBPyConnection, facts: Facts) -> None:
    """Tables that claims and checks read; a dataset that is not there is empty."""
    for name in ("mentions", "members", "life", "persons"):
        base.register(name, getattr(facts, name))
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
    base.execute(f"create macro edition_of(day) as case {' '.join(_edition(*e) for e in EDITIONS)} end")


def _edition(name: str, first_day: date) -> str:
    return f"when coalesce(day, date '9999-12-31') >= date '{first_day}' then '{name}'"


def _classes() -> dict[str, str]:
    """First two characters of a credit code -> class."""
    return {row["authority_code"] + row["category_code"]: row["class"] for row in reference.rows("credit_code_categories")}


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
