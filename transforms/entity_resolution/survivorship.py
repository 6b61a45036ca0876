"""Which of the competing values of an attribute survives into the golden record, and what the others were.

Of the claims that are fresh enough: the most authoritative source; where it says several things, what it said last; where
that is still not one thing, the value of which the stated share of sources speaks; else none, and a conflict that is open
until a steward decides. A steward's decision stands above all sources while it is in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from transforms.entity_resolution.survivorship_rules import SurvivorshipRules

CONFLICTS = pa.schema(
    [
        ("entity_id", pa.string()), ("attribute", pa.string()), ("kind", pa.string()), ("source", pa.string()),
        ("source_code", pa.string()), ("mention_id", pa.string()), ("value", pa.string()), ("as_of", pa.date32()),
        ("rank", pa.int32()), ("agreement", pa.float64()), ("is_chosen", pa.bool_()), ("rule", pa.string()),
        ("is_open", pa.bool_()), ("other_entity_id", pa.string()), ("other_mention_id", pa.string()),
    ]
)  # fmt: skip
DECIDED = pa.schema([("entity_id", pa.string()), ("attribute", pa.string()), ("value", pa.string())])
"""Values that stewards gave."""

FRESH = """
create or replace temp table fresh as
select c.entity_id, o.source, o.rank, c.value, coalesce(max(c.as_of), date '0001-01-01') as as_of,
       arg_max(row(c.mention_id, c.source_code), row(c.as_of, c.mention_id)) as teller
from ({claims}) c join sayers s using (source_code, role) join ranks o using (source)
where c.value is not null and (o.limit_days is null or c.as_of >= $on::date - o.limit_days)
group by c.entity_id, o.source, o.rank, c.value
"""
CHOSEN = """
create or replace temp table chosen as
with told as (select entity_id, count(distinct value) as n_values from fresh group by entity_id),
disputed as (select f.* from fresh f join told t using (entity_id) where t.n_values > 1),
shares as (
  select entity_id, value, count(distinct source) / any_value(n_sources) as agreement
  from disputed join (select entity_id, count(distinct source) as n_sources from disputed group by entity_id) using (entity_id)
  group by entity_id, value),
top as (select entity_id, value, as_of from disputed qualify rank = min(rank) over (partition by entity_id)),
last as (select entity_id, value from top qualify as_of = max(as_of) over (partition by entity_id)),
judged as (
  select t.entity_id, count(distinct t.value) as n_top, any_value(t.value) as of_top, l.n_last, l.of_last, s.of_most
  from top t
  join (select entity_id, count(distinct value) as n_last, any_value(value) as of_last
        from last group by entity_id) l using (entity_id)
  left join (select entity_id, max(value) as of_most from last join shares using (entity_id, value)
             where agreement >= $agreement group by entity_id) s using (entity_id)
  group by all),
settled as (
  select entity_id, case when n_top = 1 then of_top when n_last = 1 then of_last else of_most end as value,
         case when n_top = 1 then 'rank' when n_last = 1 then 'newest'
              when of_most is not null then 'agreement' else 'open' end as rule
  from judged
  union all
  select entity_id, any_value(value), 'agreed' from fresh join told using (entity_id) where n_values = 1 group by entity_id)
select coalesce(s.entity_id, d.entity_id) as entity_id, coalesce(d.value, s.value) as value,
       case when d.value is null then s.rule else 'steward' end as rule
from settled s full join (select entity_id, value from decided where attribute = $attribute) d using (entity_id)
"""
GOLDEN = """
select c.entity_id, c.value, c.rule, t.source, t.as_of, t.teller[1] as mention_id
from chosen c left join (select entity_id, value, arg_min(source, row(rank, source)) as source,
                                arg_min(nullif(as_of, date '0001-01-01'), row(rank, source)) as as_of,
                                arg_min(teller, row(rank, source)) as teller
                         from fresh group by entity_id, value) t on t.entity_id = c.entity_id and t.value = c.value
"""
COMPETING = """
select f.entity_id, $attribute as attribute, 'values' as kind, f.source, f.teller[2] as source_code, f.teller[1] as mention_id,
       f.value, nullif(f.as_of, date '0001-01-01') as as_of, f.rank,
       count(distinct f.source) over (partition by f.entity_id, f.value)
         / count(distinct f.source) over (partition by f.entity_id) as agreement,
       f.value is not distinct from c.value as is_chosen, c.rule, c.rule = 'open' as is_open,
       null::varchar as other_entity_id, null::varchar as other_mention_id
from fresh f join chosen c using (entity_id)
where c.rule <> 'agreed' and (select count(distinct a.value) from fresh a where a.entity_id = f.entity_id) > 1
"""


@dataclass(frozen=True)
class Survivors:
    """`golden`: attribute -> entity_id, value, rule, source, as_of, mention_id. `conflicts`: every competing value."""

    golden: dict[str, pa.Table]
    conflicts: pa.Table


def survive(
    base: duckdb.DuckDBPyConnection,
    claims: Mapping[str, str],
    rules: SurvivorshipRules,
    on: date,
    decided: pa.Table | None = None,
) -> Survivors:
    """Values that survive on a day. `claims`: attribute -> a query for entity_id, mention_id, source_code, role, as_of, value
    (text) over tables of `base`; a claim of a source that the order of the attribute does not name does not count.

    Raises ValueError for an attribute without rules.
    """
    if unruled := sorted(claims.keys() - rules.attributes.keys()):
        raise ValueError(
            f"survivorship-{rules.kind}.yaml: no order of sources for {', '.join(unruled)}; add it under attributes."
        )
    base.register("sayers", rules.sayers())
    base.register("decided", decided if decided is not None else DECIDED.empty_table())
    golden, conflicts = {}, [CONFLICTS.empty_table()]
    for name, query in claims.items():
        base.register("ranks", rules.attributes[name].table())
        base.execute(FRESH.format(claims=query), {"on": on})
        base.execute(CHOSEN, {"agreement": rules.agreement, "attribute": name})
        golden[name] = base.sql(GOLDEN).to_arrow_table()
        conflicts.append(base.sql(COMPETING, params={"attribute": name}).to_arrow_table().cast(CONFLICTS))
    return Survivors(golden, pa.concat_tables(conflicts))
