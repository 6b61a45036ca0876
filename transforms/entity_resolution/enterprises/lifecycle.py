"""Events of enterprises' lives from the registers, and which of them cannot have happened so.

Rules: contracts/rules/enterprise-lifecycle.yaml. An event tells the state after it; where the record says a state that such
an event cannot lead to, what the event itself means counts, else the state before, which also stays where no move leads to
the new one. Every finding stands on its row.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import reference
from lakehouse.contracts.yaml_file import read
from lakehouse.settings import CHECKOUT
from transforms.entity_resolution.enterprises.departments import ORGANISATIONS, REGISTRATIONS

DATASET = "lifecycle__enterprises"
RULES = CHECKOUT / "contracts" / "rules" / "enterprise-lifecycle.yaml"

EVENTS = """
select distinct on (enterprise_id, event_kind, event_date, event_no)
       m.entity_id as enterprise_id, coalesce(k.value, r.event_code) as event_kind, r.event_date, r.event_no,
       s.value as state_said, r.source_code, r.record_id, r.data_origin, r.mention_id
from registered r join members m using (mention_id)
     left join kinds k on k.code = r.event_code left join states s on s.code = r.status_code
order by enterprise_id, event_kind, event_date, event_no, r.state_of desc, r.mention_id
"""
JUDGED = """
with told as (
  select e.*, coalesce(l.place, 0) as place, l.event_kind is null as is_unknown, l.means, l.event_kind is not null
         and e.state_said is not null and not list_contains(l.may_lead_to, e.state_said) as is_other_state
  from events e left join leads l using (event_kind)),
stated as (
  select *, case when state_said is null or is_other_state then coalesce(means, '') else state_said end as state from told),
lined as (
  select *, row_number() over line as turn, list(state) over line as states, sum((event_kind = 'birth')::int) over line as births,
         max((event_kind = 'birth')::int) over (partition by enterprise_id) = 1 as is_born
  from stated window line as (partition by enterprise_id order by event_date, place, event_no, mention_id
                              rows between unbounded preceding and current row)),
lived as (
  select *, nullif(list_reduce(states, lambda was, will: case when will = '' then was when was = '' then will
                   when list_contains(getvariable('moves'), was || '>' || will) then will else was end), '') as status_after
  from lined),
followed as (select *, lag(status_after) over (partition by enterprise_id order by turn) as status_before from lived)
select enterprise_id, event_kind, event_date, event_no, turn, status_before, status_after,
       case when is_unknown then 'unknown_event'
            when event_date is null then 'no_date'
            when is_other_state then 'state_not_of_event'
            when event_kind = 'birth' and births > 1 then 'born_twice'
            when is_born and births = 0 then 'before_birth'
            when state <> '' and not list_contains(getvariable('moves'), status_before || '>' || state) then 'move_not_allowed'
       end as finding,
       source_code, record_id, data_origin
from followed order by enterprise_id, turn
"""


def life_events(silver: Mapping[str, pa.Table], members: pa.Table) -> pa.Table:
    """Silver tables by dataset, and members (mention_id, entity_id) -> rows of `lifecycle__enterprises`, in order of events."""
    with duckdb.connect() as base:
        base.register("members", members)
        base.register("registered", _registered(silver))
        for name, table in _rule_tables().items():
            base.register(name, table)
        base.execute(f"create table events as {EVENTS}")
        base.execute("set variable moves = $1", [_moves()])
        return base.sql(JUDGED).to_arrow_table()


def _registered(silver: Mapping[str, pa.Table]) -> pa.Table:
    """Events as sent; a list of organisations tells the day of their registration and their state today."""
    found = []
    with duckdb.connect() as base:
        if REGISTRATIONS in silver:
            base.register("rows", silver[REGISTRATIONS])
            found.append(base.sql(_EVENT_ROWS.format("event_code", "event_date", "event_no")).to_arrow_table())
        if ORGANISATIONS in silver:
            base.register("rows", silver[ORGANISATIONS])
            found.append(base.sql(_EVENT_ROWS.format("'设立'", "registered_on", "uscc")).to_arrow_table())
    return pa.concat_tables(found, promote_options="permissive") if found else _no_events()


_EVENT_ROWS = """
select _record_id || '#self' as mention_id, {} as event_code, {} as event_date, {} as event_no, status_code, state_of,
       _source_code as source_code, _record_id as record_id, _data_origin as data_origin from rows
"""


def _no_events() -> pa.Table:
    names = ("mention_id", "event_code", "event_no", "status_code", "source_code", "record_id", "data_origin")
    return pa.table(
        {n: pa.nulls(0, pa.string()) for n in names} | {n: pa.nulls(0, pa.date32()) for n in ("event_date", "state_of")}
    )


@cache
def life_rules(path: Path = RULES) -> dict[str, Any]:
    """The rules as written."""
    return read(path)


def _rule_tables() -> dict[str, pa.Table]:
    """Event kinds in the order in which they follow each other on one day, and the words for kinds and states."""
    rules = life_rules()
    leads = [
        {"event_kind": kind, "place": place, "may_lead_to": rule["may_lead_to"], "means": rule.get("means")}
        for place, (kind, rule) in enumerate(rules["events"].items())
    ]
    words = {"kinds": _words("enterprise_events", rules["events"]), "states": _words("enterprise_states", rules["moves"])}
    return {"leads": pa.Table.from_pylist(leads)} | words


def _moves() -> list[str]:
    return [f"{before}>{after}" for before, afters in life_rules()["moves"].items() for after in afters]


def _words(code_list: str, own: Mapping[str, Any]) -> pa.Table:
    """Words as departments send them, and our own, -> our own."""
    found = {name: name for name in own} | reference.lookup(code_list, "code", "value")
    return pa.table({"code": list(found), "value": list(found.values())})
