"""Golden records against truth: is the value that survived the true one, and how many true values have a golden one at all?"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.vault import clear

TRUE_VALUES = {
    "persons": {
        "citizen_no": "citizen_no", "name": "name", "sex_code": "sex_code", "birth_date": "birth_date",
        "ethnic_code": "case when kind::varchar <> 'floating' then ethnic_code end", "phone": "phone",
        "death_date": "case when kind::varchar = 'dead' then left_on end",
        "registered_address_id": "case when kind::varchar = 'registered' then address_no end",
        "usual_address_id": "case when kind::varchar <> 'moved_out' then usual_address_no end",
    },
    "enterprises": {
        "uscc": "uscc", "org_code9": "org_code9", "reg_no_15": "reg_no_15", "name": "name", "status_code": "state",
        "established_on": "established_on", "deregistered_on": "deregistered_on", "revoked_on": "revoked_on",
        "capital_cny10k": "case when capital_cny10k > 0 then capital_cny10k end", "industry_code": "industry_code",
        "registered_address_id": "address_no", "operating_address_id": "address_no",
        "legal_person_no": "(select p.citizen_no from truth.persons p where p.person_no = legal_person_no)",
        "legal_person_name": "(select p.name from truth.persons p where p.person_no = legal_person_no)",
    },
}  # fmt: skip
"""Attribute of the golden record -> what is true, as an expression over the truth; null where nothing is to be known."""
_ENTITY = {"persons": "person_no", "enterprises": "enterprise_no"}
ADDRESS = "_address_id"
_MOSTLY = """
create table mostly_{0} as
select cluster as entity_id, entity_no from labelled_{0} group by cluster, entity_no
qualify row_number() over (partition by cluster order by count(*) desc, entity_no) = 1
"""
_PAIRED = """
select g.{column} as golden, t.true_value from mostly_{table} m
join (select * from silver.entity__{table} where valid_to is null) g on g.{id} = m.entity_id
join (select {entity} as entity_no, {true} as true_value from truth.{table}) t using (entity_no)
"""
_DOORS = """
create table door_ids as
select e.address_id, any_value(s.entity_no) as address_no
from silver.entity__addresses e join silver.geography__addresses g on g.address_id = e.source_key
join said s on s.record_id = g._record_id and s.role = 'self' and s.entity_kind = 'address' group by e.address_id
"""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `door_ids` (address_id, address_no), so that addresses can be compared."""
    if all(tables.exists(f"silver.{name}") for name in ("entity__addresses", "geography__addresses")):
        connection.execute(_DOORS)
    else:
        connection.execute("create table door_ids (address_id varchar, address_no bigint)")


def scores(connection: duckdb.DuckDBPyConnection, kind: str, table: str) -> Iterator[dict[str, Any]]:
    """Two rows an attribute that the golden record has, one where it is filled nowhere; nothing without golden records."""
    if not tables.exists(f"silver.entity__{table}"):
        return
    connection.execute(_MOSTLY.format(table))
    columns = {f.name for f in tables.open_table(f"silver.entity__{table}").schema().fields}
    key = next(name for name in (f"{kind}_id", "entity_id") if name in columns)
    for column, true in TRUE_VALUES[table].items():
        if column in columns:
            query = _PAIRED.format(column=column, table=table, id=key, entity=_ENTITY[table], true=true)
            yield from _compared(connection.sql(query).to_arrow_table(), connection, kind, column)


def _compared(rows: pa.Table, connection: duckdb.DuckDBPyConnection, kind: str, column: str) -> Iterator[dict[str, Any]]:
    known = rows.filter(pc.is_valid(rows["true_value"]))
    filled = known.filter(pc.is_valid(known["golden"]))
    right = pc.sum(pc.equal(_golden(filled["golden"], connection, column), _text(filled["true_value"]))).as_py() or 0
    named = {"kind": kind, "attribute": column}
    if filled.num_rows:
        yield named | {"measure": "survivorship_accuracy", "value": right / filled.num_rows, "n": filled.num_rows}
    yield named | {"measure": "survivorship_filled", "value": filled.num_rows / max(known.num_rows, 1), "n": known.num_rows}


def _golden(values: pa.ChunkedArray, connection: duckdb.DuckDBPyConnection, column: str) -> pa.Array:
    """As text in clear; ids of addresses as numbers of the truth."""
    if column.endswith(ADDRESS):
        known = connection.sql("from door_ids").to_arrow_table()
        at = pc.index_in(values, value_set=known["address_id"].combine_chunks())
        return _text(known["address_no"].take(at.combine_chunks()))
    text = _text(values)
    return pc.coalesce(clear(text), text)


def _text(values: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_floating(values.type):
        values = pc.cast(values, pa.int64(), safe=False)
    return pc.cast(values, pa.string()).combine_chunks()
