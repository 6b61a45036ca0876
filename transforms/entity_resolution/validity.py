"""Golden records with their history: a row ends when any of its values changed, and the next one begins."""

from collections.abc import Sequence
from datetime import date

import duckdb
import pyarrow as pa

KEPT = ("valid_from", "valid_to", "_golden_version")

HISTORY = """
with today as (select *, hash({values}) as said from now),
former as (select *, hash({values}) as said from before),
judged as (
  select f.*, f.said = t.said as is_same from former f left join today t using ({key}) where f.valid_to is null),
ended as (
  select * exclude (is_same) replace ($on as valid_to) from judged where is_same is distinct from true and valid_from < $on
  union all by name from former where valid_to is not null)
select * exclude (said) from ended
union all by name
select t.* exclude (said), j.valid_from, null::date as valid_to, j._golden_version
from today t join judged j using ({key}) where j.is_same
union all by name
select t.* exclude (said), $on as valid_from, null::date as valid_to,
       coalesce((select max(e._golden_version) from ended e where e.{key} = t.{key}), 0) + 1 as _golden_version
from today t where {key} not in (select {key} from judged where is_same)
order by {key}, valid_from
"""


def with_history(before: pa.Table, now: pa.Table, key: str, on: date, unless: Sequence[str] = ()) -> pa.Table:
    """Rows of a register: `before` (with valid_from, valid_to, _golden_version) and what holds `now` (without them).

    Two runs on one day leave one row. A column of `unless` follows what holds now, and begins no new row.
    """
    values = ", ".join(f'"{name}"' for name in now.column_names if name not in unless)
    with duckdb.connect() as base:
        base.register("before", before)
        base.register("now", now)
        made = base.sql(HISTORY.format(values=values, key=key), params={"on": on}).to_arrow_table()
    return made.select(before.schema.names).cast(before.schema)
