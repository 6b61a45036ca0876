"""Registers of persons and enterprises against truth: pairs and B-cubed of mentions, by subgroup, with 95 % intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import tables
from quality.linkage.measures import MEASURES, by_subgroup
from sample_city.divisions import townships
from sample_city.extract import sources
from sample_city.scoring.joined import first

ROLES_BY_FIELD = ("mother", "father", "party1", "party2", "guardian", "landlord", "legal_person", "employer")
"""Fields that begin so speak of the person or enterprise in that role, all others of the one whom the row is about."""
_PERSONS = """
select p.person_no as entity_no, a.township, length(p.name)::varchar as name_length,
       case when p.ethnic_code = '01' then 'han' else 'other' end as nationality,
       case when age < 15 then '0-14' when age < 60 then '15-59' when age < 80 then '60-79' else '80+' end as age_band
from (select *, date_diff('day', birth_date, $day::date) / 365.25 as age from truth.persons) p join doors a using (address_no)
"""
_ENTERPRISES = """
select e.enterprise_no as entity_no, a.township, e.kind::varchar as enterprise_kind, length(e.name) // 5 * 5 as characters,
       characters || '-' || (characters + 4) as name_length
from truth.enterprises e join doors a using (address_no)
"""
_DOORS = """
create table doors as select address_no, building_no, coalesce(t.name, substr(division_code, 1, 9)) as township
from truth.addresses a left join towns t on t.code = substr(a.division_code, 1, 9);
create table wrong as
select record_id, role, case when count(distinct defect_id) > 1 then 'several' else any_value(defect_id) end as defect
from (select l.record_id, d.defect_id, coalesce(list_filter($roles, lambda r: starts_with(d.field, r || '_'))[1], 'self') as role
      from truth.defects d join landed l using (source, file, row_no) where d.field <> '') group by all;
"""
_LABELLED = """
create table labelled_{table} as
select m.mention_id, m.source_code, s.entity_no, r.register, x.method, x.rule_version,
       coalesce(x.entity_id, 'unlinked ' || m.mention_id) as cluster, coalesce(w.defect, 'none') as defect, {columns}
from silver.mentions__{table} m
join said s on s.record_id = m.record_id and s.role = m.role and s.entity_kind = '{kind}'
join registers r on r.source = s.source
left join (from silver.xref__{table} where valid_to is null) x using (mention_id)
left join wrong w on w.record_id = m.record_id and w.role = m.role
join ({entities}) e using (entity_no)
"""
_PAIRS = """
with sizes as (select count(*) as n, {keys} from labelled_{table} group by grouping sets
  ((cluster), (cluster, register), (entity_no), (entity_no, register), (cluster, entity_no), (cluster, entity_no, register)))
select sum(n * (n - 1) / 2 * case when register is null then 1 else -1 end) filter (entity_no is null) as found,
       sum(n * (n - 1) / 2 * case when register is null then 1 else -1 end) filter (cluster is null) as true_pairs,
       sum(n * (n - 1) / 2 * case when register is null then 1 else -1 end)
         filter (cluster is not null and entity_no is not null) as hits
from sizes
"""


@dataclass(frozen=True)
class Register:
    """One kind of entity: its word in scores and truth, its tables' ending, its true entities with their subgroups."""

    kind: str
    table: str
    entities: str
    subgroups: tuple[str, ...]


REGISTERS = (
    Register("person", "persons", _PERSONS, ("township", "name_length", "nationality", "age_band")),
    Register("enterprise", "enterprises", _ENTERPRISES, ("township", "name_length", "enterprise_kind")),
)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `doors` (address_no, building_no, township), `wrong` (record_id, role, defect), `registers` (source, register)."""
    names = townships()
    connection.register("towns", pa.table({"code": list(names), "name": list(names.values())}))
    known = sources()
    connection.register("registers", pa.table({"source": list(known), "register": [s.register for s in known.values()]}))
    for statement in _DOORS.split(";")[:2]:
        connection.execute(statement, {"roles": list(ROLES_BY_FIELD)} if "$roles" in statement else None)


def label(connection: duckdb.DuckDBPyConnection, register: Register, day: str) -> bool:
    """Make `labelled_<table>`: one row a mention with its cluster and true entity; False where the register is not built."""
    if not all(tables.exists(f"silver.{name}__{register.table}") for name in ("mentions", "xref")):
        return False
    columns = ", ".join(f"e.{name}" for name in register.subgroups)
    query = _LABELLED.format(table=register.table, kind=register.kind, entities=register.entities, columns=columns)
    connection.execute(query, {"day": day} if "$day" in query else None)
    return True


def scores(connection: duckdb.DuckDBPyConnection, register: Register) -> Iterator[dict[str, Any]]:
    """Measures of all mentions, by subgroup, across registers, and the share of landed mentions that is in the register."""
    found = connection.sql(f"select * from labelled_{register.table}").to_arrow_table()
    everything = pa.repeat(pa.scalar("all"), found.num_rows)
    for row in _measured(found, everything):
        yield {"kind": register.kind} | row
    for name in (*register.subgroups, "defect"):
        for row in _measured(found, found[name]):
            yield {"kind": register.kind, "subgroup_by": name} | row | {"subgroup": row["group"]}
    yield from _across(connection, register)
    yield _coverage(connection, register)


def _measured(found: pa.Table, groups: pa.Array | pa.ChunkedArray) -> Iterator[dict[str, Any]]:
    for row in by_subgroup(found["cluster"], found["entity_no"], groups).to_pylist():
        for measure in MEASURES:
            bounds = {"value": row[measure], "low": row[f"{measure}_low"], "high": row[f"{measure}_high"]}
            yield {"group": row["subgroup"], "measure": measure, "n": row["mentions"]} | bounds


def _across(connection: duckdb.DuckDBPyConnection, register: Register) -> Iterator[dict[str, Any]]:
    """Pairs of mentions from different departments' registers only: those that a month's repetition does not make easy."""
    query = _PAIRS.format(table=register.table, keys="cluster, entity_no, register")
    found, true, hits = first(connection, query)
    for measure, whole in (("precision", found), ("recall", true)):
        share = float(hits / whole) if whole else 1.0
        yield {"kind": register.kind, "measure": f"across_sources_{measure}", "value": share, "n": int(whole or 0)}


def _coverage(connection: duckdb.DuckDBPyConnection, register: Register) -> dict[str, Any]:
    """Of the landed records that speak of an entity, the share that the register took in; the others are held or name nobody."""
    (landed,) = first(connection, "select count(*) from said where entity_kind = $kind", {"kind": register.kind})
    (inside,) = first(connection, f"select count(distinct mention_id) from labelled_{register.table}")
    return {"kind": register.kind, "measure": "coverage", "value": inside / max(landed, 1), "n": landed}


def rule_versions(connection: duckdb.DuckDBPyConnection, register: Register) -> str:
    """Versions of the linkage rules that the mentions were linked by."""
    query = f"select string_agg(distinct rule_version, ', ' order by rule_version) from labelled_{register.table}"
    return first(connection, query)[0] or ""
