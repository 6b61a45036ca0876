"""Items of records: how many each holds, and which of those that are nowhere lost to another row of the same key."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from lakehouse import reference, tables
from lakehouse.contracts import Dataset, Source
from quality import decisions

_SHAPE = (
    '{"device": "VARCHAR", "period": "VARCHAR", "items": [{"code": "VARCHAR"}], "meta": {"refused_items": [{"code": "VARCHAR"}]}}'
)
_PAYLOAD = f"from_json(payload, '{_SHAPE}')"
_CODES = "list_transform(list_concat({p}['items'], {p}['meta']['refused_items']), lambda i: i.code)"
"""Items as sent, then those that the collector could not take; their position is the item number."""
SHOWN = 2


def is_long(dataset: Dataset) -> bool:
    """Long datasets have a row per item; wide ones a row per record."""
    return any(f.name == "pollutant_code" for f in dataset.fields)


def number_of(dataset: Dataset, source: Source) -> str:
    """SQL: how many items of a bronze row this dataset takes. Codes that the mapping ignores are none."""
    if not is_long(dataset):
        return "1"
    if source.shape == "columns":
        return str(len(source.measures))
    return f"coalesce(len(list_filter({_CODES.format(p=_PAYLOAD)}, lambda c: {_taken('c', source)})), 0)"


def explain(connection: DuckDBPyConnection, dataset: Dataset, sources: list[Source]) -> None:
    """Make `leftovers` (items neither in silver nor held, with their key) and `explained` (how many of a record's lost).

    An item lost when silver holds a row under its key, as the source sent it or as a steward's fix made it.
    """
    key = dataset.primary_key
    connection.register("fixes", _fixes(dataset))
    connection.register("stations", _stations(sources))
    parts = [_leftovers(dataset, source) for source in sources]
    own = ", ".join(f"coalesce(x.{k}, i.{k}) as {k}" if k in _fixes(dataset).column_names else f"i.{k}" for k in key)
    connection.execute(
        f"create temp table leftovers as select i.source, i._record_id, i._item_no, {own} from ({' union all '.join(parts)}) i"
        " left join fixes x using (_record_id, _item_no)"
        " anti join settled using (_record_id, _item_no) anti join held using (_record_id, _item_no)"
    )
    silver = f"join {dataset.table} s using ({', '.join(key)})" if tables.exists(dataset.table) else "where false"
    connection.execute(f"create temp table lost as select distinct l.* from leftovers l {silver}")
    connection.execute("create temp table explained as select source, _record_id, count(*) as explained from lost group by 1, 2")


def describe(connection: DuckDBPyConnection, dataset: Dataset, source: str, record_id: str) -> str:
    """The record, and the keys of its first items that nothing explains."""
    rows = connection.execute(
        f"select {', '.join(dataset.primary_key)} from leftovers anti join lost using (source, _record_id, _item_no)"
        " where source = $source and _record_id = $record_id order by all",
        {"source": source, "record_id": record_id},
    ).fetchall()
    keys = [" ".join("(unknown)" if part is None else str(part) for part in row) for row in rows]
    return f"record {record_id}{': ' if keys else ''}{', '.join(keys[:SHOWN])}{', ...' if len(keys) > SHOWN else ''}"


def _leftovers(dataset: Dataset, source: Source) -> str:
    """SELECT of every item, with its key, of the source's records of which something is missing."""
    name = _literal(source.source)
    payload = "" if source.shape == "columns" else f", {_PAYLOAD} as p"
    columns = f"any_value(_observed_at) as observed_at, any_value({_device(source)}) as device, {_item_columns(dataset, source)}"
    wanted = f"(select _record_id from fates where source = {name} and missing > 0)"
    incomplete = f"select *{payload} from landed_{source.source} semi join {wanted} using (_record_id)"
    exploded = (
        "select *, unnest(range(len(codes)))::int as _item_no from"
        f" (select _record_id, {columns} from ({incomplete}) group by _record_id)"
    )
    measures = {code: m.becomes for code, m in source.measures.items()}
    return (
        f"select {name} as source, _record_id, _item_no, s.station_id, observed_at, period,"
        f" {_case('codes[_item_no + 1]', measures)} as pollutant_code from ({exploded}) r"
        f" left join stations s on s.issuer = {_literal(source.station.issuer)} and s.code = r.device"
        f" where {_taken('codes[_item_no + 1]', source)}"
    )


def _device(source: Source) -> str:
    if source.station.constant:
        return _literal(source.station.constant)
    return f'"{source.station.column}"' if source.shape == "columns" else "p.device"


def _item_columns(dataset: Dataset, source: Source) -> str:
    """`codes` (list, one per item) and `period` of a record."""
    period = _literal(source.constants["period"]) if "period" in source.constants else "null"
    if not is_long(dataset):
        return f"[''] as codes, {period} as period"
    if source.shape == "columns":
        return f"[{', '.join(_literal(c) for c in source.measures)}] as codes, {period} as period"
    return f"any_value({_CODES.format(p='p')}) as codes, any_value(p.period) as period"


def _taken(code: str, source: Source) -> str:
    return f"({code} is null or {code} not in ({', '.join(_literal(c) for c in source.ignore) or 'chr(0)'}))"


def _case(expression: str, mapping: dict[str, str]) -> str:
    whens = " ".join(f"when {_literal(k)} then {_literal(v)}" for k, v in mapping.items())
    return f"case {expression} {whens} end"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _stations(sources: list[Source]) -> pa.Table:
    rows = [
        {"issuer": issuer, "code": code, "station_id": station_id}
        for issuer in sorted({s.station.issuer for s in sources})
        for code, station_id in reference.lookup_station(issuer).items()
    ]
    return pa.Table.from_pylist(rows, pa.schema([(c, pa.string()) for c in ("issuer", "code", "station_id")]))


def _fixes(dataset: Dataset) -> pa.Table:
    """Key columns that a fix in force sets, by record and item."""
    columns = [f.name for f in dataset.fields if f.primary_key and f.logical_type == "string"]
    rows = []
    for hold_id, decision in decisions.in_force(dataset.id).items():
        record_id, _, item_no = hold_id.partition("#")
        rows.append({"_record_id": record_id, "_item_no": int(item_no), **{c: decision.changes.get(c) for c in columns}})
    schema = pa.schema([("_record_id", pa.string()), ("_item_no", pa.int32()), *((c, pa.string()) for c in columns)])
    return pa.Table.from_pylist(rows, schema)
