"""Records of erased persons: their tokens open to nothing, so nothing can be compared; they stay together by what was known."""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from transforms.entity_resolution.stewards import PAIRS

NAMELESS = "person_name\\_%"
"""A name that is still a token when linkage gets it."""
BOUND = """
with nameless as (
  select c.mention_id, f.entity_id, m.citizen_no as number
  from compared c join mentions m using (mention_id) left join (from former where valid_to is null) f using (mention_id)
  where c.name like $nameless escape '\\'),
groups as (
  select mention_id, min(mention_id) over (partition by entity_id) as first_id from nameless where entity_id is not null
  union select mention_id, min(mention_id) over (partition by number) from nameless where number is not null)
select first_id as left_id, mention_id as right_id, true as is_same from groups where first_id <> mention_id order by 1, 2
"""
KNOWN = """
select distinct k.entity_id from known k join outline m using (mention_id)
where m.citizen_no in (select citizen_no from outline semi join newcomers using (mention_id)) order by 1
"""


def known_by_number(base: duckdb.DuckDBPyConnection) -> pa.Array:
    """Entities of `known` (mention_id, entity_id) whose number has the token of a newcomer's, whether it opens or not."""
    if "citizen_no" not in base.sql("from outline limit 0").columns:
        return pa.array([], pa.string())
    return base.sql(KNOWN).to_arrow_table()["entity_id"].combine_chunks()


def nameless(compared: pa.Table) -> pa.Table:
    """mention_id of the records of erased persons among those in clear."""
    return compared.filter(pc.match_like(compared["name"], NAMELESS)).select(["mention_id"])


def bound(compared: pa.Table, mentions: pa.Table, former: pa.Table) -> pa.Table:
    """Pairs (left_id, right_id, is_same) of records that were one entity before their person was erased, or that came since
    and bear the same stand-in for the number."""
    if "citizen_no" not in mentions.column_names:
        return PAIRS.empty_table()
    with duckdb.connect() as base:
        for name, table in {"compared": compared, "mentions": mentions, "former": former}.items():
            base.register(name, table)
        return base.sql(BOUND, params={"nameless": NAMELESS}).to_arrow_table().cast(PAIRS)
