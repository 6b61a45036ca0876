"""`silver.xref__x`: which record belonged to which entity, from when to when."""

from datetime import date

import duckdb
import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema

CURRENT = """
create or replace temp table current as
select l.entity_id, m.mention_id, m.record_id, m.role, m.source_code, m.source_key, c.method, c.match_probability, m.data_origin
from links l join mentions m using (mention_id) join clusters c using (mention_id)
"""
CARRIED = """
select f.* replace (case when f.valid_to is null and c.mention_id is null then $on else f.valid_to end as valid_to,
                    case when f.valid_to is null and c.mention_id is null and s.root_id <> f.entity_id then s.root_id
                         else f.superseded_by end as superseded_by)
from former f left join current c using (mention_id, entity_id) left join standing s on s.entity_id = f.entity_id
where f.valid_to is null or c.mention_id is null or f.valid_to > f.valid_from
"""
FRESH = """
select c.entity_id, c.mention_id, c.record_id, c.role, c.source_code, c.source_key, c.method, c.match_probability,
       $version as rule_version, $on as valid_from, null::date as valid_to, null::varchar as superseded_by, c.data_origin
from current c anti join (from former where valid_to is null) f using (mention_id, entity_id)
"""


def name_of(kind: str) -> str:
    return f"silver.xref__{kind}"


def schema(kind: str) -> pa.Schema:
    return arrow_schema(contracts()[f"xref__{kind}"])


def read(kind: str) -> pa.Table:
    own = schema(kind)
    return tables.read(name_of(kind)).select(own.names).cast(own) if tables.exists(name_of(kind)) else own.empty_table()


def last_links(xref: pa.Table) -> pa.Table:
    """mention_id, source_code, source_key, entity_id, is_current: to which entity each record belonged last."""
    return duckdb.sql(
        "select mention_id, source_code, source_key, entity_id, valid_to is null as is_current from xref "
        "qualify row_number() over (partition by mention_id order by valid_to desc nulls first, valid_from desc, entity_id) = 1"
    ).to_arrow_table()


def continued(
    former: pa.Table, links: pa.Table, mentions: pa.Table, clusters: pa.Table, standing: pa.Table, on: date, version: str
) -> pa.Table:
    """The crosswalk of today: what still holds as it stood, what ended closed, what is new from today, by mention.

    `clusters` tell method and probability of each record's place, `standing` what ids that were merged are now.
    """
    with duckdb.connect() as base:
        shown = {"former": former, "links": links, "mentions": mentions, "clusters": clusters, "standing": standing}
        for name, table in shown.items():
            base.register(name, table)
        base.execute(CURRENT)
        carried = base.sql(CARRIED, params={"on": on}).to_arrow_table().cast(former.schema)
        fresh = base.sql(FRESH, params={"on": on, "version": version}).to_arrow_table()
    joined = pa.concat_tables([carried, fresh.select(former.schema.names).cast(former.schema)])
    return joined.sort_by([("mention_id", "ascending"), ("valid_from", "ascending"), ("entity_id", "ascending")])
