"""Injected defects against what the lake noticed: caught by what, missed, and how often the same checks cry at clean rows."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from sample_city.defects.values import meaning
from sample_city.extract import sources
from sample_city.parameters import words
from sample_city.scoring import evidence, file_evidence
from sample_city.scoring.joined import first
from sample_city.scoring.registers import ROLES_BY_FIELD

ALL = "all deterministic"
_INJECTED = """
create table injected as
with of_rows as (select d.* from truth.defects d join landed_files f using (source, file) where d.row_no > 0 and f.is_landed),
of_files as (
  select d.* from truth.defects d where d.row_no = 0 and d.source in (select source from delivered)
    and (d.defect_id = 'D17' or (d.source, d.file) in (select source, file from truth.record_entity)))
select row_number() over () as no, d.*, m.dataset, m.meaning, c.letters, c.catchers, c.is_deterministic, l.record_id,
       coalesce(list_filter($roles, lambda r: starts_with(d.field, r || '_'))[1], 'self') as role
from (from of_rows union all from of_files) d join catchers c using (defect_id)
left join landed l using (source, file, row_no) left join meanings m on m.source = d.source and m.field = d.field
"""
_NOTICED = """
create table noticed as
select no, arg_min(name, place) as name from (
  select i.no, e.name, row(coalesce(list_position(i.catchers, e.kind), 99), e.name) as place
  from injected i join evidence e using (record_id)
  where i.row_no > 0 and (e.kind in ('held', 'letter') or list_contains(i.catchers, e.kind))
    and (e.role is null or e.role = i.role)
    and (e.field is null or e.field = i.field or list_contains(string_split(i.field, ','), e.field))
    and (e.meaning is null or e.meaning = i.meaning)
  union all
  select i.no, e.name, row(list_position(i.catchers, e.kind), e.name)
  from injected i join file_evidence e using (source, file, defect_id)
  where i.row_no = 0 and list_contains(i.catchers, e.kind)
) group by no
"""
_CATCHES = """
select defect_id, field, any_value(letters) as expected,
       count(*) as injected, count(n.no) as caught, count(*) - count(n.no) as missed
from injected i left join noticed n using (no) group by defect_id, field order by defect_id, field
"""
_BY = """
select defect_id, field, n.name, count(*) as n from injected join noticed n using (no) group by all order by n desc, n.name
"""
_CLEAN = """
create table clean as
select distinct record_id from landed l where record_id is not null
  and record_id not in (select record_id from landed join truth.defects using (source, file, row_no) where record_id is not null)
  and (source, file) not in (select source, file from truth.defects where defect_id = 'D18');
create table alarms as
select e.record_id, e.name from evidence e semi join clean c using (record_id) where e.kind in ('held', 'check') group by all
"""


def catches(connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """One row a defect and field, then one for all deterministic kinds together. Needs what `registers` and `addresses` made."""
    _prepare(connection)
    by: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for defect, field, name, number in connection.execute(_BY).fetchall():
        by.setdefault((defect, field), []).append((name, number))
    (clean,) = first(connection, "select count(*) from clean")
    for row in connection.sql(_CATCHES).to_arrow_table().to_pylist():
        names = by.get((row["defect_id"], row["field"]), [])
        told = ", ".join(f"{name} ({number:,})" for name, number in names)
        yield row | {"caught_by": told, "false_alarms": _alarms(connection, names), "clean_rows": clean}
    yield _all(connection) | {"clean_rows": clean}


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [
        {"defect_id": name, "letters": c["letters"], "catchers": c["by"], "is_deterministic": c.get("is_deterministic", False)}
        for name, c in words("catchers")["defects"].items()
    ]
    connection.register("catchers", pa.Table.from_pylist(rows))
    connection.register("meanings", pa.Table.from_pylist([
        {"source": s.name, "dataset": s.dataset, "field": field, "meaning": meaning(s, field)}
        for s in sources().values() for field in (*s.columns, "lon,lat")
    ]))  # fmt: skip
    file_evidence.gather(connection)
    connection.execute(_INJECTED, {"roles": list(ROLES_BY_FIELD)})
    evidence.gather(connection)
    file_evidence.add_read(connection)
    for statement in (_NOTICED, *_CLEAN.split(";")):
        connection.execute(statement)


def _alarms(connection: duckdb.DuckDBPyConnection, names: list[tuple[str, int]]) -> int:
    """Clean rows on which one of the checks fired."""
    query = "select count(distinct record_id) from alarms where list_contains($names, name)"
    return first(connection, query, {"names": [name for name, _ in names]})[0]


def _all(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    query = "select count(*), count(n.no) from injected left join noticed n using (no) where is_deterministic"
    injected, caught = first(connection, query)
    (alarms,) = first(connection, "select count(distinct record_id) from alarms")
    return {
        "defect_id": ALL, "field": "", "expected": "F R S", "injected": injected, "caught": caught, "caught_by": "",
        "missed": injected - caught, "false_alarms": alarms,
    }  # fmt: skip
