"""What linkage leaves to stewards: scored pairs, kept for a while, and conflicts between entities."""

from datetime import date, timedelta

import duckdb
import pyarrow as pa

from transforms.entity_resolution.linked import Linked
from transforms.entity_resolution.saving import former
from transforms.entity_resolution.survivorship import CONFLICTS

KEPT_DAYS = 90
BETWEEN_ENTITIES = "linkage"
"""What the rule of conflicts between entities is called."""
PAIRS = """
with told as (
  select left_id, right_id, method, match_probability, rule_version, is_linked, is_review, $on::date as scored_on, true as is_new
  from pairs where method <> 'exact'
  union all by name select * exclude (left_entity_id, right_entity_id), false as is_new from former where scored_on >= $since)
select b.* exclude (is_new), l.entity_id as left_entity_id, r.entity_id as right_entity_id
from told b left join links l on l.mention_id = b.left_id left join links r on r.mention_id = b.right_id
qualify row_number() over (partition by left_id, right_id, method order by is_new desc, match_probability desc) = 1
order by left_id, right_id, method
"""
SIDES = """
create table sides as
with found as (
  select kind, left_id, right_id from conflicts
  union
  select kind, mention_id, other_mention_id from former where other_mention_id is not null),
turned as (select kind, left_id as mention_id, right_id as other_id from found
           union select kind, right_id, left_id from found)
select b.*, l.entity_id, o.entity_id as other_entity_id
from turned b left join links l using (mention_id) left join links o on o.mention_id = b.other_id
"""
BETWEEN = """
select s.entity_id, $attribute as attribute, s.kind, null::varchar as source, m.source_code, s.mention_id,
       m.{attribute} as value, m.as_of, null::integer as rank, null::double as agreement, false as is_chosen, 'linkage' as rule,
       true as is_open, s.other_entity_id, s.other_id as other_mention_id
from sides s join mentions m using (mention_id) where s.entity_id <> s.other_entity_id
qualify row_number() over (partition by s.kind, s.entity_id, s.other_entity_id order by s.mention_id, s.other_id) = 1
order by 1, 3, 14
"""


def pairs_of(kind: str, found: Linked, links: pa.Table | None = None) -> pa.Table:
    """Rows of `match_pairs__x`: the pairs that were scored now, and those of the last 90 days. Equal evidence is no pair.

    `links`: mention_id, entity_id of all records in them, where `found` has not all.
    """
    with duckdb.connect() as base:
        base.register("pairs", found.pairs)
        base.register("links", found.links if links is None else links)
        base.register("former", former(f"match_pairs__{kind}"))
        return base.sql(PAIRS, params={"on": found.on, "since": since(found.on)}).to_arrow_table()


def conflicts_of(kind: str, found: Linked, mentions: pa.Table, attribute: str, links: pa.Table | None = None) -> pa.Table:
    """Rows of `conflict__x` for pairs of entities that linkage found in conflict over `attribute`, now or in a former run,
    while both still are entities of their own. `links` as in `pairs_of`."""
    with duckdb.connect() as base:
        base.register("conflicts", found.conflicts)
        base.register("links", found.links if links is None else links)
        base.register("mentions", mentions)
        base.register("former", former(f"conflict__{kind}") if not found.is_full else CONFLICTS.empty_table())
        base.execute(SIDES)
        made = base.sql(BETWEEN.format(attribute=attribute), params={"attribute": attribute}).to_arrow_table()
    return made.cast(CONFLICTS)


def in_order(conflicts: list[pa.Table]) -> pa.Table:
    """Rows of `conflict__x` as the table holds them."""
    keys = ("entity_id", "attribute", "kind", "source", "value", "mention_id")
    return pa.concat_tables(conflicts).select(CONFLICTS.names).sort_by([(key, "ascending") for key in keys])


def since(on: date) -> date:
    return on - timedelta(KEPT_DAYS)
