"""Departments' records that are nowhere: the key that each would have, read from what was landed as silver reads it."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from quality import decisions
from quality.records.conform import conformed

_INCOMPLETE = """
select * from landed_{source}
semi join (select _record_id from fates where source = '{source}' and missing > 0) using (_record_id)
qualify row_number() over (partition by _record_id order by _delivery_id) = 1
"""


def explain(connection: DuckDBPyConnection, dataset: Dataset, sources: list[Source]) -> None:
    """Make `leftovers` (records neither in silver nor held, their keys as text) and `explained` (how many of them lost).

    A record lost when silver holds a row under its key in its slice (in any, where a correction can change the slice), as the
    source sent it or as a steward's fix made it.
    """
    found = [_keys(connection, dataset, source) for source in sources]
    connection.register("unplaced", pa.concat_tables(found))
    connection.register("fixed_keys", _fixed(dataset))
    key = dataset.primary_key
    own = ", ".join(f'coalesce(x."{k}", u."{k}") as "{k}"' for k in key)
    connection.execute(
        f"create temp table leftovers as select u.source, u._record_id, u._item_no, u._slice, {own} from unplaced u"
        " left join fixed_keys x using (_record_id)"
        " anti join settled using (_record_id, _item_no) anti join held using (_record_id, _item_no)"
    )
    same = " and ".join(f's."{k}"::varchar is not distinct from l."{k}"' for k in key)
    where = "" if contracts().may_change_slice(dataset.id) else f"s.{dataset.partition} = l._slice and "
    met = f"join {dataset.table} s on {where}{same}" if tables.exists(dataset.table) else "where false"
    connection.execute(f"create temp table lost as select distinct l.* from leftovers l {met}")
    connection.execute("create temp table explained as select source, _record_id, count(*) as explained from lost group by 1, 2")


def _keys(connection: DuckDBPyConnection, dataset: Dataset, source: Source) -> pa.Table:
    """One row per record of the source of which something is missing: identity, slice, key as text."""
    if not tables.exists(source.bronze_table):
        return _schema(dataset).empty_table()
    rows = connection.sql(_INCOMPLETE.format(source=source.source)).to_arrow_table().combine_chunks()
    typed = conformed(rows, source, dataset).select(dataset.primary_key)
    for name in ("_record_id", "_observed_at"):
        typed = typed.append_column(name, rows[name])
    connection.register("typed", typed)
    columns = ", ".join(f'"{name}"::varchar as "{name}"' for name in dataset.primary_key)
    identity = f"'{source.source}' as source, _record_id, 0::int as _item_no, date_trunc('month', _observed_at)::date as _slice"
    return connection.sql(f"select {identity}, {columns} from typed").to_arrow_table().cast(_schema(dataset))


def _schema(dataset: Dataset) -> pa.Schema:
    identity = [("source", pa.string()), ("_record_id", pa.string()), ("_item_no", pa.int32()), ("_slice", pa.date32())]
    return pa.schema([*identity, *((name, pa.string()) for name in dataset.primary_key)])


def _fixed(dataset: Dataset) -> pa.Table:
    """Key columns that a fix in force sets, by record, as text."""
    rows = [
        {"_record_id": hold_id.partition("#")[0], **{k: _text(d.changes.get(k)) for k in dataset.primary_key}}
        for hold_id, d in decisions.in_force(dataset.id).items()
    ]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("_record_id", *dataset.primary_key)]))


def _text(value: object) -> str | None:
    return value if value is None else str(value)
