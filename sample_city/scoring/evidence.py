"""What the lake noticed of each record: one row a noticing, whatever noticed it.

Table `evidence`: record_id, role, field, meaning (null in one of the three: the noticing concerns all of them), kind as in
`catchers.yaml`, name of the rule, repair or method. `held` stands for rows in quarantine, `letter` for dead letters.
"""

import duckdb
import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.row_checks import columns_of
from sample_city.extract import sources
from sample_city.scoring import repairs

TABLE = """
create table evidence (record_id varchar, role varchar, field varchar, meaning varchar, kind varchar, name varchar)
"""
_QUARANTINED = """
create table quarantined (dataset varchar, record_id varchar, name varchar, field varchar)
"""
_HELD = """
insert into quarantined select distinct '{0}', _record_id, c."check", c.field from quarantine.{0}, unnest(checks) as u(c)
"""
_OF_HELD = """
insert into evidence select distinct record_id, null, null, null, 'held', name from quarantined;
insert into evidence select distinct record_id, null, null, null, 'letter', 'no record' from letters;
insert into evidence select distinct q.record_id, null, coalesce(r.field, q.field), null, 'check', q.name
from quarantined q left join rule_fields r on r.dataset = q.dataset and r.rule = q.name
"""
_WARNED = """
insert into evidence select distinct w._record_id, null, r.field, null, 'check', w.name
from (select _record_id, unnest(string_split(_warnings, ',')) as name from silver.{0} where _warnings <> '') w
join rule_fields r on r.dataset = '{0}' and r.rule = w.name
"""
_ONCE = """
insert into evidence select d.record_id, null, null, null, 'duplicate', 'exact duplicate'
from (select record_id from bronze_rows where source in ({1}) group by record_id, delivery_id having count(*) > 1) d
left join (select _record_id as record_id, count(*) as n from silver.{0} group by 1) s using (record_id)
where coalesce(s.n, 0) <= 1
"""
_POSITIONS = """
insert into evidence
select g._record_id, null, 'lon,lat', null, 'repair', 'position ' || e.position_state
from silver.entity__addresses e join silver.geography__addresses g on g.address_id = e.source_key
join said s on s.record_id = g._record_id and s.role = 'self' join truth.addresses t on t.address_no = s.entity_no
where e.position_state <> 'as_sent' and {near}
"""
NEAR_M = 20.0
"""A position that was put right lies so near to the true one; a footprint's centre is not its door."""
_NEAR = f"111320 * sqrt(power(e.lat - t.lat, 2) + power((e.lon - t.lon) * cos(radians(t.lat)), 2)) < {NEAR_M}"
_LINKED = """
insert into evidence
select l.mention_id.split('#')[1], l.mention_id.split('#')[2], null, null, 'linked', coalesce(method, 'alone')
from (select *, count(*) over (partition by cluster, entity_no) as together, count(*) over (partition by cluster) as in_cluster,
             count(*) over (partition by entity_no) as in_entity from labelled_{0}) l
where 2 * together > in_cluster and 2 * together > in_entity
"""
_CONFLICTS = """
insert into evidence
select distinct l.mention_id.split('#')[1], l.mention_id.split('#')[2], null, a.meaning, 'conflict', c.attribute
from silver.conflict__{0} c join labelled_{0} l on l.cluster = c.entity_id
join attributes a using (attribute)
where c.kind <> 'death_unconfirmed'
  and (l.mention_id = c.mention_id or l.source_code = c.source_code or c.kind in ('shared_number', 'two_numbers'))
"""
ADDRESSES = ("usual_address", "registered_address", "operating_address")


_LOCATED = "insert into evidence select distinct record_id, null, field, null, 'located', method from located where is_right"


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill `evidence` from quarantine, silver, registers and places, as far as they are built."""
    connection.execute(TABLE)
    connection.execute(_QUARANTINED)
    connection.register("rule_fields", _rule_fields())
    connection.register("attributes", pa.table({"attribute": list(_meanings()), "meaning": list(_meanings().values())}))
    for dataset, names in _datasets().items():
        listed = ", ".join(f"'{name}'" for name in names)
        if tables.exists(f"quarantine.{dataset}"):
            connection.execute(_HELD.format(dataset))
        if tables.exists(f"silver.{dataset}"):
            connection.execute(_WARNED.format(dataset))
            connection.execute(_ONCE.format(dataset, listed))
    for statement in _OF_HELD.split(";"):
        connection.execute(statement)
    if all(tables.exists(f"silver.{name}") for name in ("entity__addresses", "geography__addresses")):
        connection.execute(_POSITIONS.format(near=_NEAR))
    for register in ("persons", "enterprises"):
        _of_register(connection, register)
    if "located" in _made(connection):
        connection.execute(_LOCATED)
    repairs.gather(connection)


def _of_register(connection: duckdb.DuckDBPyConnection, register: str) -> None:
    if f"labelled_{register}" in _made(connection):
        connection.execute(_LINKED.format(register))
        if tables.exists(f"silver.conflict__{register}"):
            connection.execute(_CONFLICTS.format(register))


def _made(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Tables that scoring has made so far."""
    return {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}


def _datasets() -> dict[str, list[str]]:
    """The city's datasets with their sources."""
    found: dict[str, list[str]] = {}
    for name, source in sources().items():
        found.setdefault(source.dataset, []).append(name)
    return found


def _rule_fields() -> pa.Table:
    """dataset, rule, field: the columns that each row rule reads."""
    found = []
    for dataset in (contracts().datasets.get(name) for name in _datasets()):
        for rule in dataset.rules if dataset else ():
            read = {rule.field, *(columns_of(rule.predicate) if rule.kind == "row" else ())} - {None}
            found += [{"dataset": dataset.id, "rule": rule.name, "field": field} for field in sorted(read)]
    return pa.Table.from_pylist(found, pa.schema([(c, pa.string()) for c in ("dataset", "rule", "field")]))


def _meanings() -> dict[str, str]:
    """Attribute of a register -> what it is among the fields that clerks write."""
    same = {name: name for name in ("name", "birth_date", "citizen_no", "industry_code")}
    return same | dict.fromkeys(ADDRESSES, "address_text") | {"uscc": "credit_code", "is_dead": "status_code"}
