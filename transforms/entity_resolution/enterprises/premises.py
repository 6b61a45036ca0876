"""Where enterprises are: every address that a department knows of them, with the days of which it is told."""

import duckdb
import pyarrow as pa

from lakehouse.contracts.origin import worst_sql
from transforms.entity_resolution.enterprises.departments import ANNUAL_REPORTS, ORGANISATIONS, REGISTRATIONS, TAX

DATASET = "bridge__enterprise_address"
KINDS = {REGISTRATIONS: "registered", ORGANISATIONS: "registered", TAX: "operating", ANNUAL_REPORTS: "operating"}
"""What a department's address is: the seat that the law asks for, or where business is done."""

PREMISES = f"""
with told as (
  select e.entity_id as enterprise_id, k.kind, coalesce(m.address_id, m.address_text) as place, m.*
  from mentions m join members e using (mention_id) join kinds k using (dataset) where m.address_text is not null),
stays as (
  select enterprise_id, kind, place, min(as_of) as first_told_on, max(as_of) as last_told_on, count(distinct dataset) as sources,
         arg_max(struct_pack(address_text, address_id, building_id, division_code, grid_code, geocode_quality),
                 row(as_of, mention_id)) as found, {worst_sql("data_origin")} as data_origin
  from told group by all)
select enterprise_id, kind, found.address_text, found.address_id, found.building_id, found.division_code, found.grid_code,
       found.geocode_quality, first_told_on, last_told_on, sources,
       last_told_on = max(last_told_on) over (partition by enterprise_id, kind) as is_latest, data_origin
from stays order by enterprise_id, kind, first_told_on, place
"""


def premises(mentions: pa.Table, members: pa.Table) -> pa.Table:
    """Mentions, and members (mention_id, entity_id) -> rows of `bridge__enterprise_address`: enterprise x kind x address."""
    with duckdb.connect() as base:
        base.register("mentions", mentions)
        base.register("members", members)
        base.register("kinds", pa.table({"dataset": list(KINDS), "kind": list(KINDS.values())}))
        return base.sql(PREMISES).to_arrow_table()
