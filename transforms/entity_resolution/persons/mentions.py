"""One row for every time that a department's record names a person: tokens, what describes the person, place on the map."""

from collections.abc import Collection

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import vault
from lakehouse.contracts.codes import citizen_number
from transforms.entity_resolution.persons.departments import DEPARTMENTS, Department

TEXTS = (
    "citizen_no", "name", "former_name", "phone", "sex_code", "ethnic_code", "kin_no", "enterprise_code", "employer_code",
    "household_no", "relation_code", "status_code", "registration_kind", "address_text", "division_code",
)  # fmt: skip
NUMBERS = ("citizen_no", "kin_no")
COMPARED = ("citizen_no", "name", "phone", "kin_no")
"""Tokens that linkage compares in clear."""

PLACED = """
create or replace table mentions as
select m.* exclude ({numbers}, division_code), coalesce(n.token, m.citizen_no) as citizen_no,
       coalesce(n.is_valid, false) as is_number_valid, coalesce(k.token, m.kin_no) as kin_no,
       m.division_code as division_sent, p.address_id, p.building_id, coalesce(p.division_code, m.division_code) as division_code,
       p.grid_code, p.geocode_quality
from named m
left join numbers n on n.sent = m.citizen_no left join numbers k on k.sent = m.kin_no
left join places p on p.address_text = m.address_text and p.division_hint is not distinct from m.division_code
"""
PLACES = pa.schema([(c, pa.string()) for c in ("address_text", "division_hint", "address_id", "building_id", "division_code",
                                               "grid_code", "geocode_quality")])  # fmt: skip


def build(base: duckdb.DuckDBPyConnection, present: Collection[str], places: pa.Table | None = None, among: str = "") -> None:
    """Make the table `mentions` in `base`, which holds each dataset of `present` under its name. A record that a later delivery
    repeats word for word is mentioned once, as of the last.

    `places`: rows of `silver.xref__addresses`; without them no mention stands on the map. `among`: table of the records
    (record_id) that are asked for; none: all.
    """
    asked = f" and _record_id in (select record_id from {among})" if among else ""
    parts = " union all by name ".join(_mentions(d) + asked for d in DEPARTMENTS if d.dataset in present)
    newest = "row_number() over (partition by mention_id order by as_of desc) = 1"
    base.execute(f"create or replace table named as select * from ({parts}) qualify {newest}")
    base.register("numbers", _numbers(base))
    base.register("places", places if places is not None else PLACES.empty_table())
    base.execute(PLACED.format(numbers=", ".join(NUMBERS)))


def compared(base: duckdb.DuckDBPyConnection, asked: pa.Table, told: str = "mentions") -> pa.Table:
    """What linkage compares, in clear and in memory only: the mentions of `asked` (mention_id) with their names and numbers
    out of the vault. `told`: table of the mentions.

    Where a name was erased its token stands for it, so that nobody is taken for somebody else who was erased.
    """
    base.register("in_clear", asked)
    rows = base.sql(
        "select mention_id, source_code, source_key, role, as_of, citizen_no, name, phone, kin_no, birth_date, sex_code,"
        f" household_no, relation_code, address_text, address_id, division_code, enterprise_code from {told}"
        " semi join in_clear using (mention_id) order by mention_id"
    ).to_arrow_table()
    for name in COMPARED:
        opened = vault.clear(rows[name])
        values = pc.coalesce(opened, rows[name]) if name == "name" else opened
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows


def _mentions(department: Department) -> str:
    """Rows of one department and role; who is neither named nor numbered is not mentioned."""
    told = department.columns
    columns = [f"nullif(({told.get(name, 'null')})::varchar, '') as {name}" for name in TEXTS]
    named = " or ".join(f"nullif(({told[name]})::varchar, '') is not null" for name in ("citizen_no", "name") if name in told)
    return f"""
    select _record_id || '#{department.role}' as mention_id, _record_id as record_id, '{department.role}' as role,
           '{department.dataset}' as dataset, _source_code as source_code, ({department.key})::varchar as source_key,
           ({department.as_of})::date as as_of, {", ".join(columns)}, ({told.get("birth_date", "null")})::date as birth_date,
           _data_origin as data_origin
    from "{department.dataset}" where ({named})"""


def _numbers(base: duckdb.DuckDBPyConnection) -> pa.Table:
    """Token of a number as sent -> token of the number in its one form (18 characters), and whether that is valid."""
    union = " union ".join(f"select {name} as sent from named where {name} is not null" for name in NUMBERS)
    sent = base.sql(f"select * from ({union}) order by sent").to_arrow_table()["sent"].combine_chunks()
    clear = vault.clear(sent)
    normal = citizen_number.normalised(clear)
    is_same = pc.fill_null(pc.equal(normal, clear), True)
    token = pc.if_else(is_same, sent, vault.tokens("citizen_no", pc.if_else(is_same, None, normal)))
    return pa.table({"sent": sent, "token": token, "is_valid": citizen_number.is_valid(normal)})
