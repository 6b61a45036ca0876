"""One row a person: the values that survived, what the police register says, what follows for residency."""

from datetime import date

import duckdb
import pyarrow as pa

from transforms.entity_resolution.survivorship import Survivors, survive
from transforms.entity_resolution.survivorship_rules import rules_of

_CLAIM = (
    "select x.entity_id, m.mention_id, m.source_code, m.role, m.as_of, {value} as value"
    " from members x join mentions m using (mention_id)"
)
PLAIN = ("name", "former_name", "sex_code", "birth_date", "ethnic_code", "registration_kind", "phone", "employer_code")
CLAIMS = {name: _CLAIM.format(value=f"m.{name}::varchar") for name in PLAIN} | {
    "citizen_no": _CLAIM.format(value="m.citizen_no") + " where m.is_number_valid",
    "usual_address": _CLAIM.format(value="coalesce(m.address_id, m.address_text)"),
}
MARRIED = """
create or replace table married as
select entity_id,
       arg_max(case v.kind when '结婚' then 'married' when '离婚' then 'divorced' end, row(v."date", v.register_no)) as status
from members join mentions m using (mention_id) join population__marriages v on v._record_id = m.record_id
where m.role in ('party1', 'party2') group by entity_id
"""
INSURED = """
create or replace table insured as
select entity_id, bool_or(i.status_code = '1') as is_insured
from members join mentions m using (mention_id) join population__social_insurance i on i._record_id = m.record_id, terms
where m.role = 'self' and m.as_of >= $on::date - insured_days group by entity_id
"""
ENROLLED = """
create or replace table enrolled as
select entity_id, arg_max({'school_code': e.school_code, 'grade_code': e.grade_code}, row(m.as_of, m.mention_id)) as school
from members join mentions m using (mention_id) join population__enrolments e on e._record_id = m.record_id, terms
where m.role = 'self' and m.as_of >= $on::date - school_days group by entity_id
"""
AIDED = """
create or replace table aided as
select entity_id, arg_max(a.level_code, row(m.as_of, m.mention_id)) filter (where m.source_code like '%dpf%') as disability_level,
       arg_max(a.level_code, row(m.as_of, m.mention_id)) filter (where m.source_code like '%ca_assistance') as assistance_level
from members join mentions m using (mention_id) join population__assistance a on a._record_id = m.record_id
where m.role = 'self' and (a.to_date is null or a.to_date >= $on::date) group by entity_id
"""
FACTS = {
    "population__marriages": (MARRIED, "married", "status varchar"),
    "population__social_insurance": (INSURED, "insured", "is_insured boolean"),
    "population__enrolments": (ENROLLED, "enrolled", "school struct(school_code varchar, grade_code varchar)"),
    "population__assistance": (AIDED, "aided", "disability_level varchar, assistance_level varchar"),
}
FLOATS = """
create or replace table floats as
select entity_id, min(f.from_date) as since from members join mentions m using (mention_id)
join {floating} f on f._record_id = m.record_id
where m.role = 'self' and m.as_of >= (select last_floating_on from horizon)
group by entity_id
"""
PERSONS = """
select e.entity_id as person_id, citizen_no.value as citizen_no, name.value as name, former_name.value as former_name,
       sex_code.value as sex_code, birth_date.value::date as birth_date, ethnic_code.value as ethnic_code,
       coalesce(d.is_dead, false) as is_dead, case when d.is_dead then d.death_date end as death_date, w.status as marital_status,
       coalesce(r.is_registered, false) as is_registered, registration_kind.value as registration_kind,
       case when r.is_registered then r.latest.household_no end as household_no,
       case when r.is_registered then r.latest.relation_code end as relation_code,
       {registered}, {usual}, f.since as residing_since,
       case when coalesce(d.is_dead, false) then null
            when r.is_registered and substr(u.division_code, 1, 6) not in (select unnest(home) from horizon)
              then 'registered_away'
            when r.is_registered then 'registered_local'
            when f.since is not null and f.since <= $on::date - to_months(t.usual_resident_months) then 'inflow_over_6_months'
            when f.since is not null then 'inflow_under_6_months'
            when r.entity_id is null and usual_address.value is not null then 'unregistered' end as residency_kind,
       phone.value as phone, employer_code.value as employer_code, coalesce(i.is_insured, false) as is_insured,
       s.school.school_code as school_code, s.school.grade_code as grade_code, a.disability_level, a.assistance_level,
       e.n_records, e.n_sources, e.data_origin
from everybody e cross join terms t {joins}
     left join registered r on r.entity_id = e.entity_id left join mentions u on u.mention_id = usual_address.mention_id
     left join floats f on f.entity_id = e.entity_id left join dead d on d.entity_id = e.entity_id
     left join married w on w.entity_id = e.entity_id left join insured i on i.entity_id = e.entity_id
     left join enrolled s on s.entity_id = e.entity_id left join aided a on a.entity_id = e.entity_id
"""
EVERYBODY = """
create or replace table everybody as
select entity_id, count(*) as n_records, count(distinct source_code) as n_sources, max(data_origin) as data_origin
from members join mentions using (mention_id) group by entity_id
"""
PLACE = ("address_text", "address_id", "building_id", "division_code", "grid_code")


def survivors(base: duckdb.DuckDBPyConnection, on: date, decided: pa.Table) -> Survivors:
    """Surviving values of all attributes, from the tables `members` and `mentions`."""
    return survive(base, CLAIMS, rules_of("persons"), on, decided)


def persons(base: duckdb.DuckDBPyConnection, found: Survivors, present: set[str], on: date) -> pa.Table:
    """Golden records as of a day, by person. Needs the tables of `registration` and `deaths`, `horizon` and `terms`."""
    base.execute(EVERYBODY)
    floating = (
        "population__floating" if "population__floating" in present else "(select null as _record_id, null::date as from_date)"
    )
    base.execute(FLOATS.format(floating=floating))
    for dataset, (query, name, columns) in FACTS.items():
        if dataset in present:
            base.execute(query, {"on": on} if "$on" in query else None)
        else:
            base.execute(f"create or replace table {name} (entity_id varchar, {columns})")
    for name, table in found.golden.items():
        base.register(f"golden_{name}", table)
    joins = " ".join(f"left join golden_{n} as {n} on {n}.entity_id = e.entity_id" for n in found.golden)
    registered = ", ".join(f"case when r.is_registered then r.latest.{c} end as registered_{c}" for c in PLACE)
    usual = ", ".join(f"u.{c} as usual_{c}" for c in PLACE)
    query = PERSONS.format(registered=registered, usual=usual, joins=joins)
    usual_resident = "coalesce(residency_kind in ('registered_local', 'inflow_over_6_months'), false) as is_usual_resident"
    return base.sql(f"select *, {usual_resident} from ({query}) order by person_id", params={"on": on}).to_arrow_table()
